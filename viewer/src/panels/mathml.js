const NAMESPACE = "http://www.w3.org/1998/Math/MathML";

const ELEMENTS = new Set(
  "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover munderover mtable mtr mtd".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  (
    "display displaystyle scriptlevel mathvariant accent accentunder stretchy symmetric fence separator form lspace rspace minsize maxsize " +
    "movablelimits largeop linethickness width height depth columnalign columnspacing columnlines rowalign rowspacing rowlines"
  ).split(" "),
);

/**
 * The formula as elements of this page: only MathML's own elements and harmless attributes are taken over. Null if it is no MathML.
 * @param {string} markup
 * @returns {Element | null}
 */
export function formula(markup) {
  const parsed = new DOMParser().parseFromString(markup, "application/xml").documentElement;
  if (parsed.namespaceURI !== NAMESPACE || parsed.localName !== "math") return null;
  return adopted(parsed);
}

/**
 * Whether an element with this name belongs into a formula.
 * @param {string | null} namespace
 * @param {string} name
 */
export function allowedElement(namespace, name) {
  return namespace === NAMESPACE && ELEMENTS.has(name);
}

/**
 * Whether an attribute with this name only says how a formula looks.
 * @param {string} name
 */
export function allowedAttribute(name) {
  return ATTRIBUTES.has(name);
}

/**
 * A copy; null where anything in it does not belong into a formula.
 * @param {Element} source
 * @returns {Element | null}
 */
function adopted(source) {
  if (!allowedElement(source.namespaceURI, source.localName)) return null;
  const copy = document.createElementNS(NAMESPACE, source.localName);
  for (const { name, value } of source.attributes) {
    if (allowedAttribute(name)) copy.setAttribute(name, value);
  }
  for (const child of source.childNodes) {
    const inner = child instanceof Element ? adopted(child) : document.createTextNode(child.textContent ?? "");
    if (inner === null) return null;
    copy.append(inner);
  }
  return copy;
}

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * A new element. A child that is a string becomes text, never markup; null, undefined and false are left out.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | boolean | number>} [attributes] false leaves one out, true sets it empty
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

/**
 * The children that are there.
 * @param {Child[]} children
 * @returns {(Node | string)[]}
 */
function present(children) {
  return /** @type {(Node | string)[]} */ (children.filter((child) => child || child === ""));
}

/**
 * A button that says what it does and does it.
 * @param {Child} content
 * @param {() => void} act
 * @param {Record<string, string | boolean | number>} [attributes]
 */
export function button(content, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, content);
  made.addEventListener("click", act);
  return made;
}

/**
 * A small drawing of 16 by 16 for a button, hidden from screen readers: the button has its own label.
 * @param {string} path
 */
export function icon(path) {
  const namespace = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(namespace, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 16 16", width: "16", height: "16", "aria-hidden": "true" })) {
    drawing.setAttribute(key, value);
  }
  const line = document.createElementNS(namespace, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

/**
 * Whether a key that was pressed there is a text that somebody types.
 * @param {EventTarget | null} target
 */
export function typesText(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=range]), textarea, select, [contenteditable]");
}

/**
 * Brings an element into the middle of what scrolls around it, and moves nothing else of the page.
 * @param {HTMLElement} scroller
 * @param {HTMLElement} inner
 */
export function bringIntoView(scroller, inner) {
  const outside = scroller.getBoundingClientRect();
  const place = inner.getBoundingClientRect();
  const [above, below] = seen(outside.top, outside.bottom, innerHeight);
  if (place.top >= above + 24 && place.bottom <= below - 24) return;
  scroller.scrollTop += (place.top + place.bottom - above - below) / 2;
}

const ENOUGH = 80; // pixels of a pane in which a line can be seen

/**
 * Top and bottom of what the window shows of a pane; of all of it where that is next to nothing.
 * @param {number} top
 * @param {number} bottom
 * @param {number} height of the window
 */
export function seen(top, bottom, height) {
  const [above, below] = [Math.max(top, 0), Math.min(bottom, height)];
  return below - above >= ENOUGH ? [above, below] : [top, bottom];
}

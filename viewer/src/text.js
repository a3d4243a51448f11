// Pieces of text in SVG: measured in the reader's font, cut where they do not fit. The same as in byhand/render/svg.py.
import geometry from "./geometry.json" with { type: "json" };
import { tenth } from "./shapes.js";

/** @typedef {import("./types.js").Cell} Cell */

const NAMESPACE = "http://www.w3.org/2000/svg";
const FROM_THE_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * An element of SVG; attributes of undefined, null or "" are left out.
 * @param {string} name
 * @param {Record<string, string | number | null | undefined>} [attributes]
 * @param {(Node | string)[]} content
 * @returns {SVGElement}
 */
export function svg(name, attributes = {}, ...content) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== "")
      made.setAttribute(key, String(typeof value === "number" ? tenth(value) : value));
  }
  made.append(...content);
  return made;
}

/** @type {Map<string, number>} */
const widths = new Map();
/** @type {CanvasRenderingContext2D | null} */
let ruler = null;

/**
 * The width of a text in pixels.
 * @param {string} text
 * @param {number} size
 * @param {boolean} bold
 */
export function widthOf(text, size, bold) {
  const key = `${bold}${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    ruler ??= document.createElement("canvas").getContext("2d");
    if (ruler) ruler.font = `${bold ? "bold " : ""}100px ${geometry.font}`;
    width = ruler ? ruler.measureText(text).width / 100 : 0.6 * text.length;
    widths.set(key, width);
  }
  return width * size;
}

/**
 * The width of pieces one behind the other.
 * @param {Cell[]} cells
 * @param {number} size
 */
export function widthOfCells(cells, size) {
  return cells.reduce((sum, [text, role]) => sum + widthOf(text, size, isBold(role)), 0);
}

/** @param {string} role */
function isBold(role) {
  return geometry.bold.includes(role);
}

/**
 * The pieces as far as they fit into this room, the last one cut with … where they do not.
 * @param {Cell[]} cells
 * @param {number} room
 * @param {number} size
 * @returns {Cell[]}
 */
export function fitted(cells, room, size) {
  /** @type {Cell[]} */
  const kept = [];
  for (const cell of cells) {
    // half a pixel, because the reader's font may be a little wider than the one the box was made for
    if (widthOfCells([...kept, cell], size) <= room + 0.5) {
      kept.push(cell);
      continue;
    }
    const left = room - widthOfCells(kept, size) - widthOf("…", size, false);
    return [...kept, [`${cut(cell, left, size)}…`, cell[1]]];
  }
  return kept;
}

/**
 * @param {Cell} cell
 * @param {number} room
 * @param {number} size
 */
function cut([text, role], room, size) {
  const letters = [...text];
  let low = 0;
  let high = letters.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(letters.slice(0, middle).join(""), size, isBold(role)) <= room) low = middle;
    else high = middle - 1;
  }
  return letters.slice(0, low).join("");
}

/**
 * A line of text, and a ground behind each piece of it that must not be overlooked. `later` marks the grounds of what is hidden at first.
 * @param {Cell[]} cells
 * @param {{ x: number, y: number, size: number, classes: string, later?: string }} look
 * @returns {SVGElement[]}
 */
export function line(cells, { x, y, size, classes, later }) {
  /** @type {SVGElement[]} */
  const drawn = [];
  let at = x;
  for (const [text, role] of cells) {
    const width = widthOf(text, size, isBold(role));
    if (role === "loud") {
      const place = { x: at - 2, y: y - size, width: width + 4, height: size + 4, rx: 2 };
      drawn.push(svg("rect", { class: `alarm ${later ?? ""}`.trim(), ...place }));
    }
    at += width;
  }
  const shown = size === geometry.sizes.row ? null : size;
  drawn.push(svg("text", { class: classes, x, y, "font-size": shown }, ...cells.map(piece)));
  return drawn;
}

/** @param {Cell} cell */
function piece([text, role]) {
  const turned = FROM_THE_RIGHT.test(text) ? { direction: "ltr", "unicode-bidi": "isolate" } : {};
  const weight = isBold(role) ? "bold" : null;
  const slant = role === "missing" ? "italic" : null;
  return svg("tspan", { class: role.replace(" ", "-"), "font-weight": weight, "font-style": slant, ...turned }, text);
}

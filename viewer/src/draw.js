// One box, one arrow, one label as SVG: the elements, places and classes of byhand/render/svg.py.
import geometry from "./geometry.json" with { type: "json" };
import { nameIn } from "./names.js";
import { HEADER } from "./scene.js";
import { head, rounded } from "./shapes.js";
import { drawnSketch } from "./sketch.js";
import { fitted, line, svg, widthOf, widthOfCells } from "./text.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Arrow} Arrow */
/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./routes.js").Point} Point */

/** How much of a box is drawn: all of it, its name as large as it fits, or its outline. @typedef {"full" | "name" | "bare"} Detail */

/** @typedef {{ w: number, h: number, opened: boolean, detail: Detail, name: import("./names.js").Name | null }} Look */

const { padding, opens: OPENS, verdict: VERDICT, first: FIRST, radius, stroke, inset, stack, plate, sizes } = geometry;
const CLOSED = ["module", "repeated", "stretch"];
/** The sign of a box that is open; that of a closed one comes from the table. */
const CLOSE_SIGN = "▾";

/**
 * The classes that a box has whatever the state of the viewer.
 * @param {Box} box
 * @param {boolean} opened
 */
export function boxClasses({ kind, verdict = "" }, opened) {
  return ["box", kind, verdict.replace(" ", "-"), opened ? "open" : ""].filter(Boolean).join(" ");
}

/**
 * What is drawn of a box, its top left at (0, 0).
 * @param {Box} box
 * @param {Look} look
 * @returns {SVGElement[]}
 */
export function drawnBox(box, look) {
  const drawn = outline(box, look);
  if (look.detail === "bare") return drawn;
  if (look.detail === "name") return [...drawn, ...largeName(look)];
  const opens = CLOSED.includes(box.kind);
  const base = look.opened ? FIRST : (box.rows?.[0]?.y ?? FIRST);
  const sign = opens ? [svg("text", { class: "opens", x: padding, y: base }, look.opened ? CLOSE_SIGN : geometry.open_sign)] : [];
  const shape = box.verdict ? [verdict(box.verdict, look.w - padding, base)] : [];
  const [title = [], ...rows] = (box.rows ?? []).map((row, number) =>
    drawnRow(look.opened ? { ...row, y: base } : row, box, {
      width: look.w,
      first: number === 0,
      indent: opens && number === 0 ? OPENS : 0,
    }),
  );
  if (look.opened) return [...drawn, ...shape, svg("g", { class: "caption" }, ...sign, ...title)];
  return [...drawn, ...sign, ...shape, ...title, ...rows.flat()];
}

/**
 * How far the title of an opened box moves to the right to stay in a window that begins at `left`.
 * @param {Box} box
 * @param {number} w
 * @param {number} left
 */
export function captionShift(box, w, left) {
  const title = widthOfCells(box.rows?.[0]?.cells ?? [], sizes.title);
  return Math.max(0, Math.min(left, w - title - OPENS - VERDICT - 3 * padding));
}

/**
 * @param {Box} box
 * @param {Look} look
 * @returns {SVGElement[]}
 */
function outline(box, { w, h, opened }) {
  const look = box.kind === "weight" ? "ground pale" : "ground";
  const classes = box.verdict === "differs" ? `${look} wrong` : look;
  const size = { width: w, height: h, rx: radius, "stroke-width": stroke };
  const behind = box.kind === "repeated" && !opened ? [2, 1] : [];
  const drawn = behind.map((step) => {
    const below = { x: step * stack, y: step * stack, width: w - 2 * step * stack };
    return svg("rect", { class: "ground behind", ...size, ...below });
  });
  drawn.push(svg("rect", { class: classes, ...size, "stroke-dasharray": box.kind === "constant" ? "4 3" : null }));
  if (opened) drawn.push(svg("rect", { class: "bar", width: w, height: HEADER - 2, rx: radius }));
  else if (CLOSED.includes(box.kind)) drawn.push(innerFrame(box, w, h));
  return drawn;
}

/**
 * The second outline of what can be opened.
 * @param {Box} box
 * @param {number} w
 * @param {number} h
 */
function innerFrame({ kind }, w, h) {
  const place = { x: inset, y: inset, width: w - 2 * inset, height: h - 2 * inset, rx: radius - inset + 1 };
  return svg("rect", { class: "frame", ...place, fill: "none", "stroke-dasharray": kind === "stretch" ? "1 3" : null });
}

/**
 * @param {string} word
 * @param {number} x
 * @param {number} y
 */
function verdict(word, x, y) {
  /** @type {Record<string, string>} */
  const shapes = geometry.shapes;
  const look = word in shapes ? word.replace(" ", "-") : "not-compared";
  return svg("text", { class: `verdict ${look}`, x, y, "text-anchor": "end" }, shapes[word] ?? "○");
}

/**
 * @param {Row} row
 * @param {Box} box
 * @param {{ width: number, first: boolean, indent: number }} place
 * @returns {SVGElement[]}
 */
function drawnRow(row, box, { width, first, indent }) {
  const drawn = [];
  if (row.sketch) {
    drawn.push(svg("g", { class: `sketch ${row.shows}`, transform: `translate(${padding} ${row.y})` }, ...drawnSketch(row.sketch)));
  }
  if (row.cells?.length) {
    const size = first ? sizes.title : sizes.row;
    const room = width - 2 * padding - indent - (first && box.verdict ? VERDICT : 0);
    const look = { x: padding + indent, y: row.y, size, classes: `row ${row.shows}`, later: row.shows };
    drawn.push(...line(fitted(row.cells, room, size), look));
  }
  return drawn;
}

/**
 * The name that a box shows where its rows could not be read; an opened one in its bar.
 * @param {Box} box
 * @param {{ w: number, h: number, scale: number, opened: boolean }} place
 */
export function nameOf(box, { w, h, scale, opened }) {
  return nameIn(box, { w, h: opened ? HEADER : h }, scale, (text, size) => widthOf(text, size, true));
}

/**
 * @param {Look} look
 * @returns {SVGElement[]}
 */
function largeName({ w, h, opened, name }) {
  if (!name) return [];
  const { text, size } = name;
  const wide = widthOf(text, size, true);
  const place = { x: opened ? Math.min(padding, (w - wide) / 2) : (w - wide) / 2, y: (opened ? HEADER : h) / 2 + size * 0.36 };
  return line([[text, "name"]], { ...place, size, classes: "row always large" });
}

/**
 * What is drawn of an arrow. `lines` go on with it in the gutter of an opened box.
 * @param {Arrow} arrow
 * @param {{ points: Point[], lines: Point[][], startJoined: boolean, endJoined: boolean }} place
 * @returns {SVGElement[]}
 */
export function drawnArrow(arrow, { points, lines, startJoined, endJoined }) {
  const path = [points, ...lines].map(rounded).join("");
  const drawn = [
    svg("path", { class: "hit", d: path, fill: "none" }),
    svg("path", { class: "line", d: path, fill: "none", "stroke-width": stroke }),
  ];
  if (arrow.to && !endJoined) drawn.push(svg("path", { class: "head forward", d: head(points, true) }));
  if (arrow.flows && arrow.from && !startJoined) drawn.push(svg("path", { class: "head backward", d: head(points, false) }));
  return drawn;
}

/** @param {Arrow} arrow */
export function arrowClasses({ verdict = "" }) {
  return `arrow ${verdict.replace(" ", "-")}`.trim();
}

/**
 * The label of an arrow on its ground, its middle at (0, 0).
 * @param {Arrow} arrow
 * @returns {SVGElement[]}
 */
export function drawnLabel({ label = [] }) {
  const width = widthOfCells(label, sizes.label);
  const base = (plate.above - plate.below) / 2;
  const place = { x: -width / 2 - plate.across, y: base - plate.above, width: width + 2 * plate.across, height: plate.above + plate.below };
  return [
    svg("rect", { class: "plate", ...place }),
    ...line(label, { x: -width / 2, y: base, size: sizes.label, classes: "row backward" }),
  ];
}

/**
 * The text of a heat map on the foot of its box, so that the colour is not alone.
 * @param {Box} box
 * @param {Look} look
 * @param {string} text
 * @returns {SVGElement[]}
 */
export function drawnHeat(box, { w, h, opened }, text) {
  const width = widthOf(text, sizes.label, false);
  const x = Math.max(w - width - padding, padding / 2);
  const y = opened ? FIRST : h + sizes.label + 2;
  const right = opened && box.verdict ? VERDICT : 0;
  return [svg("text", { class: "heat-text", x: x - right, y, "font-size": sizes.label }, text)];
}

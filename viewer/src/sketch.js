// A tensor drawn small: a heat map of its elements and a histogram with the range below it. The same as byhand/render/sketch.py.
import geometry from "./geometry.json" with { type: "json" };
import { tenth } from "./shapes.js";
import { svg } from "./text.js";

/** @typedef {import("./types.js").Sketch} Sketch */

const { sketch: size, levels: LEVELS, most_cells: MOST_CELLS, sizes } = geometry;
/** The shade of a cell in which something is not finite. */
const STRANGE = 99;

/**
 * The elements of the sketch, its top left at (0, 0).
 * @param {Sketch} sketch
 * @returns {SVGElement[]}
 */
export function drawnSketch(sketch) {
  const drawn = [...drawnMap(sketch.levels), ...histogram(sketch)];
  if (sketch.nonfinite) {
    const place = { x: 0, y: size.height + size.note - 3, "font-size": sizes.label };
    drawn.push(svg("text", { class: "differs", ...place }, sketch.nonfinite));
  }
  return drawn;
}

/** @typedef {[first: number, count: number, shade: number]} Run */

/**
 * The rows of a heat map, equal neighbours together; in fewer shades if they are many.
 * @param {(number | null)[][]} levels
 * @returns {Run[][]}
 */
export function shaded(levels) {
  /** @type {Run[][]} */
  let rows = [];
  for (const shades of [LEVELS, LEVELS >> 1, LEVELS >> 2, 1]) {
    rows = levels.map((row) => runs(row, shades));
    if (rows.reduce((sum, row) => sum + row.length, 0) <= MOST_CELLS) break;
  }
  return rows;
}

/**
 * @param {(number | null)[]} row
 * @param {number} shades
 * @returns {Run[]}
 */
function runs(row, shades) {
  /** @type {Run[]} */
  const found = [];
  row.forEach((level, column) => {
    const shade = level === null ? STRANGE : Math.floor((halfToEven(level * shades) * LEVELS) / shades);
    const last = found[found.length - 1];
    if (last && last[2] === shade) last[1] += 1;
    else found.push([column, 1, shade]);
  });
  return found.filter(([, , shade]) => shade);
}

/**
 * A number rounded as Python rounds.
 * @param {number} value
 */
function halfToEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 ? below + 1 : below;
}

/** @param {(number | null)[][]} levels */
function drawnMap(levels) {
  const columns = Math.max(0, ...levels.map((row) => row.length));
  if (!columns) return [];
  const side = Math.min(size.cell, size.map / columns, size.height / levels.length);
  const cells = shaded(levels).flatMap((row, number) =>
    row.map(([first, count, shade]) => cell({ x: first * side, y: number * side, width: count * side, height: side }, shade)),
  );
  const crosses = levels.flatMap((row, y) => row.flatMap((level, x) => (level === null ? [cross(x * side, y * side, side)] : [])));
  if (crosses.length) cells.push(svg("path", { class: "cross", d: crosses.join(""), fill: "none" }));
  const frame = { width: columns * side, height: levels.length * side, fill: "none", "stroke-width": 0.5 };
  return [...cells, svg("rect", { class: "frame", ...frame })];
}

/**
 * @param {{ x: number, y: number, width: number, height: number }} place
 * @param {number} shade
 */
function cell(place, shade) {
  if (shade === STRANGE) return svg("rect", { class: "strange", ...place });
  return svg("rect", { class: shade > 0 ? "plus" : "minus", ...place, "fill-opacity": Math.abs(shade) / LEVELS });
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} side
 */
function cross(x, y, side) {
  const inner = tenth(side / 2);
  return `M${tenth(x + side / 4)} ${tenth(y + side / 4)}l${inner} ${inner}m0 ${-inner}l${-inner} ${inner}`;
}

/** @param {Sketch} sketch */
function histogram({ counts = [], low = "", high = "" }) {
  const [left, right, foot] = [size.map + size.gap, size.width, size.bars];
  /** @type {SVGElement[]} */
  const drawn = [];
  if (counts.some((count) => count)) {
    drawn.push(svg("path", { class: "bars", d: bars(counts, left, right - left) }));
    drawn.push(svg("path", { class: "axis", d: `M${left} ${foot}H${right}`, "stroke-width": 0.5 }));
  }
  const y = size.height - 2;
  if (low) drawn.push(svg("text", { class: "range", x: left, y, "font-size": sizes.range }, low));
  if (high) drawn.push(svg("text", { class: "range", x: right, y, "text-anchor": "end", "font-size": sizes.range }, high));
  return drawn;
}

/**
 * Bars as one path: what is there at all is at least a pixel high.
 * @param {number[]} counts
 * @param {number} left
 * @param {number} width
 */
function bars(counts, left, width) {
  const step = width / counts.length;
  const most = Math.max(...counts);
  const wide = tenth(Math.max(step - 1, 0.5));
  return counts
    .map((count, number) => {
      const high = tenth(Math.max(1, (count / most) * size.bars));
      return count ? `M${tenth(left + number * step)} ${size.bars}v${-high}h${wide}v${high}z` : "";
    })
    .join("");
}

// The lines of a picture: arrows with round corners, and their heads. The same as byhand/render/shapes.py.
import geometry from "./geometry.json" with { type: "json" };

/** @typedef {import("./routes.js").Point} Point */

/**
 * A path along these points, its corners round.
 * @param {Point[]} points
 */
export function rounded(points) {
  const path = [`M${at(points[0])}`];
  for (let index = 1; index + 1 < points.length; index++) {
    const [before, corner, after] = points.slice(index - 1, index + 2);
    const radius = Math.min(geometry.radius, distance(before, corner) / 2, distance(corner, after) / 2);
    path.push(`L${at(towards(corner, before, radius))}Q${at(corner)} ${at(towards(corner, after, radius))}`);
  }
  return `${path.join("")}L${at(points[points.length - 1])}`;
}

/**
 * The triangle at the end of an arrow, or, for what comes back, at its beginning.
 * @param {Point[]} points
 * @param {boolean} forward
 */
export function head(points, forward) {
  const { long, wide } = geometry.head;
  const ordered = forward ? points : [...points].reverse();
  const tip = ordered[ordered.length - 1];
  const origin = ordered.findLast(([x, y]) => x !== tip[0] || y !== tip[1]) ?? [tip[0] - 1, tip[1]];
  const middle = towards(tip, origin, long);
  const across = [((tip[1] - middle[1]) / long) * (wide / 2), ((middle[0] - tip[0]) / long) * (wide / 2)];
  return `M${at(tip)}L${at([middle[0] + across[0], middle[1] + across[1]])}L${at([middle[0] - across[0], middle[1] - across[1]])}z`;
}

/** @param {Point} point */
function at([x, y]) {
  return `${tenth(x)} ${tenth(y)}`;
}

/**
 * A number of pixels to a tenth.
 * @param {number} value
 */
export function tenth(value) {
  return Math.round(value * 10) / 10;
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function distance(one, other) {
  return Math.hypot(one[0] - other[0], one[1] - other[1]);
}

/**
 * The point this far from the start on the way to the end.
 * @param {Point} start
 * @param {Point} end
 * @param {number} far
 * @returns {Point}
 */
function towards(start, end, far) {
  const whole = distance(start, end);
  const share = whole ? far / whole : 0;
  return [start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share];
}

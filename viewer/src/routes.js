// Routes of arrows: from right angles to right angles while the boxes at their ends move and the part is stretched.
import { along } from "./maps.js";

/** @typedef {[x: number, y: number]} Point */
/** @typedef {{ x: number, y: number, w: number, h: number }} Rectangle */
/** @typedef {"left" | "right" | "top" | "bottom"} Side */

/** How far behind its beginning a straight route turns when its two ends have moved apart. */
const TURN = 10;

/**
 * The route without points that it only passes.
 * @param {Point[]} points
 * @returns {Point[]}
 */
export function simplified(points) {
  /** @type {Point[]} */
  const kept = [];
  for (const point of points) {
    if (kept.length && same(kept[kept.length - 1], point)) continue;
    while (kept.length > 1 && inLine(kept[kept.length - 2], kept[kept.length - 1], point)) kept.pop();
    kept.push(point);
  }
  return kept;
}

/**
 * @param {Point} a
 * @param {Point} b
 */
function same(a, b) {
  return Math.abs(a[0] - b[0]) < 0.01 && Math.abs(a[1] - b[1]) < 0.01;
}

/**
 * @param {Point} a
 * @param {Point} b
 * @param {Point} c
 */
function inLine(a, b, c) {
  return [0, 1].some((axis) => Math.abs(a[axis] - b[axis]) < 0.01 && Math.abs(b[axis] - c[axis]) < 0.01);
}

/**
 * The side of a box that a point lies on.
 * @param {Rectangle} box
 * @param {Point} point
 * @returns {Side}
 */
export function sideOf(box, [x, y]) {
  /** @type {[Side, number][]} */
  const distances = [
    ["left", Math.abs(x - box.x)],
    ["right", Math.abs(x - box.x - box.w)],
    ["top", Math.abs(y - box.y)],
    ["bottom", Math.abs(y - box.y - box.h)],
  ];
  return distances.reduce((best, next) => (next[1] < best[1] ? next : best))[0];
}

/**
 * A route whose inner points lie where the two maps put them, and whose ends lie where the boxes have them; null leaves an end to the maps.
 * @param {Point[]} points
 * @param {{ x: import("./maps.js").Axis, y: import("./maps.js").Axis }} axes
 * @param {Point | null} start
 * @param {Point | null} end
 * @returns {Point[]}
 */
export function rerouted(points, axes, start, end) {
  const route = points.map(([x, y]) => /** @type {Point} */ ([along(axes.x, x), along(axes.y, y)]));
  const last = route.length - 1;
  if (last < 1) return route;
  if (last === 1) return straight(start ?? route[0], end ?? route[1], flat(points[0], points[1]));
  if (start) pull(route, 0, 1, start, flat(points[0], points[1]));
  if (end) pull(route, last, last - 1, end, flat(points[last - 1], points[last]));
  return route;
}

/**
 * Moves an end of a route, and the first turn with it.
 * @param {Point[]} route
 * @param {number} index
 * @param {number} turn
 * @param {Point} place
 * @param {boolean} level
 */
function pull(route, index, turn, place, level) {
  route[index] = place;
  route[turn] = level ? [route[turn][0], place[1]] : [place[0], route[turn][1]];
}

/**
 * A route of one piece, or of three where its ends are no longer in line.
 * @param {Point} start
 * @param {Point} end
 * @param {boolean} level
 * @returns {Point[]}
 */
function straight(start, end, level) {
  const axis = level ? 0 : 1;
  if (Math.abs(start[1 - axis] - end[1 - axis]) < 0.01) return [start, end];
  const turn = start[axis] + Math.sign(end[axis] - start[axis]) * Math.min(TURN, Math.abs(end[axis] - start[axis]) / 2);
  return level ? [start, [turn, start[1]], [turn, end[1]], end] : [start, [start[0], turn], [end[0], turn], end];
}

/**
 * Whether a piece of a route runs to the side.
 * @param {Point} a
 * @param {Point} b
 */
function flat(a, b) {
  return Math.abs(a[1] - b[1]) <= Math.abs(a[0] - b[0]);
}

/**
 * Where a label goes that lay at `at` beside the route `before`, now that the route is `after`.
 * @param {Point[]} before
 * @param {Point[]} after
 * @param {Point} at
 * @returns {Point}
 */
export function labelPlace(before, after, at) {
  const old = nearest(before, at);
  const offset = [at[0] - old.place[0], at[1] - old.place[1]];
  // a straight route that got a turn goes on in its last, longest piece
  const index = before.length === 2 ? after.length - 2 : old.index;
  const [a, b] = [after[index], after[index + 1]];
  return [a[0] + (b[0] - a[0]) * old.share + offset[0], a[1] + (b[1] - a[1]) * old.share + offset[1]];
}

/**
 * The place of a route that is nearest to a point: the number of the piece, and the share of the piece before it.
 * @param {Point[]} route
 * @param {Point} at
 */
function nearest(route, at) {
  let best = { index: 0, share: 0, place: route[0], distance: Number.POSITIVE_INFINITY };
  for (let index = 0; index + 1 < route.length; index++) {
    const [a, b] = [route[index], route[index + 1]];
    const run = [b[0] - a[0], b[1] - a[1]];
    const length = run[0] ** 2 + run[1] ** 2;
    const share = length ? Math.min(1, Math.max(0, ((at[0] - a[0]) * run[0] + (at[1] - a[1]) * run[1]) / length)) : 0;
    /** @type {Point} */
    const place = [a[0] + run[0] * share, a[1] + run[1] * share];
    const distance = Math.hypot(at[0] - place[0], at[1] - place[1]);
    if (distance < best.distance) best = { index, share, place, distance };
  }
  return best;
}

/**
 * Lines through a gutter, from the heights `a` at its left edge to the heights `b` at its right one: right angles, each turn on a track
 * of its own, so ordered that lines that need not cross do not.
 * @param {{ a: number, b: number }[]} pairs
 * @param {number} left
 * @param {number} right
 * @returns {Point[][]}
 */
export function gutterLines(pairs, left, right) {
  const order = pairs.map((_, index) => index).filter((index) => Math.abs(pairs[index].a - pairs[index].b) > 0.01);
  // downward lines turn the later the higher they are, upward ones the earlier
  const rank = (/** @type {number} */ index) => (pairs[index].b > pairs[index].a ? -pairs[index].a : pairs[index].a);
  order.sort((one, two) => rank(one) - rank(two));
  const turns = new Map(order.map((index, place) => [index, left + ((right - left) * (place + 1)) / (order.length + 1)]));
  return pairs.map(({ a, b }, index) => {
    const turn = turns.get(index);
    return turn === undefined
      ? [
          [left, a],
          [right, b],
        ]
      : [
          [left, a],
          [turn, a],
          [turn, b],
          [right, b],
        ];
  });
}

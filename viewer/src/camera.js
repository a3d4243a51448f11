// Where the window stands over the scene. Pure: every function gives a new camera.

/** @typedef {import("./routes.js").Rectangle} Rectangle */

/** A place of the scene lies at `x + k * place` on the screen. @typedef {{ x: number, y: number, k: number }} Camera */

/** @typedef {{ w: number, h: number }} Size */

const SMALLEST = 0.001;
const LARGEST = 6;
/** So large is a small picture shown, in a large window. */
const ENOUGH = 1.6;
/** Texts can be read from this scale on. */
const READABLE = 0.72;
/** A picture is shown whole down to this scale; a larger one begins at its left top, at a scale between these two. */
const WHOLE = 0.45;
const PARTLY = [0.6, 0.85];
const MARGIN = 24;

/**
 * Nearer by this factor (below 1: further away), the point (x, y) of the screen fixed.
 * @param {Camera} camera
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 * @returns {Camera}
 */
export function zoomed(camera, factor, x, y) {
  const k = Math.min(LARGEST, Math.max(SMALLEST, camera.k * factor));
  const ratio = k / camera.k;
  return { k, x: x - (x - camera.x) * ratio, y: y - (y - camera.y) * ratio };
}

/**
 * Shows a whole rectangle of the scene in the middle.
 * @param {Rectangle} area
 * @param {Size} size
 * @returns {Camera}
 */
export function showing(area, size) {
  const k = Math.max(SMALLEST, Math.min((size.w - 2 * MARGIN) / area.w, (size.h - 2 * MARGIN) / area.h, ENOUGH));
  return { k, x: (size.w - area.w * k) / 2 - area.x * k, y: (size.h - area.h * k) / 2 - area.y * k };
}

/**
 * Shows a whole rectangle if one can make it out then, else as much of it, from its left, as can be read: from its top, or where its
 * first box is if that is further down.
 * @param {Rectangle} area
 * @param {Size} size
 * @param {Rectangle} first
 * @returns {Camera}
 */
export function opening(area, size, first) {
  const all = showing(area, size);
  if (all.k >= WHOLE) return all;
  const k = Math.max(PARTLY[0], Math.min(PARTLY[1], (size.h - 2 * MARGIN) / area.h));
  const x = Math.max(MARGIN, (size.w - area.w * k) / 2) - area.x * k;
  const top = MARGIN - area.y * k;
  const upTo = (/** @type {Rectangle} */ { y, h }) => size.h - MARGIN - (y + h) * k;
  if (top <= upTo(area)) return { k, x, y: (top + upTo(area)) / 2 };
  return { k, x, y: top <= upTo(first) ? top : Math.max(upTo(area), size.h / 2 - (first.y + first.h / 2) * k) };
}

/**
 * The height of a window of this width that shows the opening of a rectangle without empty ground.
 * @param {Size} area
 * @param {number} width
 */
export function heightFor(area, width) {
  const whole = Math.min((width - 2 * MARGIN) / area.w, ENOUGH);
  return area.h * (whole >= WHOLE ? whole : PARTLY[1]) + 2 * MARGIN;
}

/**
 * The smallest move that brings a rectangle into the window; further away if it does not fit, as long as it can be read.
 * @param {Camera} camera
 * @param {Rectangle} area
 * @param {Size} size
 * @returns {Camera}
 */
export function bringing(camera, area, size) {
  const most = Math.min((size.w - 2 * MARGIN) / area.w, (size.h - 2 * MARGIN) / area.h);
  const k = Math.min(camera.k, Math.max(most, Math.min(READABLE, camera.k)));
  const near = zoomed(camera, k / camera.k, camera.x + (area.x + area.w / 2) * camera.k, camera.y + (area.y + area.h / 2) * camera.k);
  return { k, x: near.x + push(area.x * k + near.x, area.w * k, size.w), y: near.y + push(area.y * k + near.y, area.h * k, size.h) };
}

/**
 * How far something has to move to be seen; its beginning, if there is no room for all.
 * @param {number} start
 * @param {number} length
 * @param {number} room
 */
function push(start, length, room) {
  if (start < MARGIN || length > room - 2 * MARGIN) return MARGIN - start;
  return Math.min(0, room - MARGIN - start - length);
}

/**
 * Puts the middle of a rectangle into the middle of the window, near enough to read it.
 * @param {Camera} camera
 * @param {Rectangle} area
 * @param {Size} size
 * @returns {Camera}
 */
export function centring(camera, area, size) {
  const most = Math.min((size.w - 2 * MARGIN) / area.w, (size.h - 2 * MARGIN) / area.h, 1);
  const k = Math.max(camera.k, Math.max(most, READABLE));
  return { k, x: size.w / 2 - (area.x + area.w / 2) * k, y: size.h / 2 - (area.y + area.h / 2) * k };
}

/**
 * Keeps some of the scene in the window.
 * @param {Camera} camera
 * @param {Size} scene
 * @param {Size} size
 * @returns {Camera}
 */
export function held(camera, scene, size) {
  const within = (/** @type {number} */ at, /** @type {number} */ length, /** @type {number} */ room) =>
    Math.min(room * 0.75, Math.max(room * 0.25 - length, at));
  return { k: camera.k, x: within(camera.x, scene.w * camera.k, size.w), y: within(camera.y, scene.h * camera.k, size.h) };
}

/**
 * The part of the scene that the window shows, with as much around it as it is wide, times `around`.
 * @param {Camera} camera
 * @param {Size} size
 * @param {number} around
 * @returns {Rectangle}
 */
export function shown({ x, y, k }, { w, h }, around) {
  return { x: (-x - w * around) / k, y: (-y - h * around) / k, w: (w * (1 + 2 * around)) / k, h: (h * (1 + 2 * around)) / k };
}

/**
 * A camera between two others.
 * @param {Camera} from
 * @param {Camera} to
 * @param {number} share
 * @returns {Camera}
 */
export function between(from, to, share) {
  const eased = 1 - (1 - share) ** 3;
  const k = from.k * (to.k / from.k) ** eased;
  // the point that stays where it is while both ends are shown keeps doing so on the way
  const part = to.k === from.k ? eased : (k - from.k) / (to.k - from.k);
  return { k, x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

/** @typedef {import("../types.js").Moment} Moment */
/** @typedef {import("../types.js").Cell} Cell */

/**
 * Where the walk stands, in words: "forward 2 of 3", "backward 1 of 4", "the beginning".
 * @param {number} moment
 * @param {number} forward number of moments of the forward pass
 * @param {number} last the last moment's number
 */
export function standing(moment, forward, last) {
  if (moment <= 0) return "the beginning";
  return moment <= forward ? `forward ${moment} of ${forward}` : `backward ${moment - forward} of ${last - forward}`;
}

/**
 * The colour of a moment: "forward", "backward", or "" for the beginning.
 * @param {number} moment
 * @param {number} forward
 */
export function direction(moment, forward) {
  if (moment <= 0) return "";
  return moment <= forward ? "forward" : "backward";
}

/**
 * A moment's number kept between the first and the last.
 * @param {number} moment
 * @param {number} last
 */
export function within(moment, last) {
  return Math.min(Math.max(Math.round(moment), 0), last);
}

/**
 * The moment at which playing begins: from the beginning again once the end was reached.
 * @param {number} moment
 * @param {number} last
 */
export function playsFrom(moment, last) {
  return moment >= last ? 0 : moment;
}

/**
 * Cells as one line of plain text.
 * @param {readonly Cell[]} cells
 */
export function spokenLine(cells) {
  return cells
    .map(([text]) => text)
    .join("")
    .trim();
}

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
    .replace(/\s+/g, " ")
    .trim();
}

const [LEAST, MOST] = [4, 9]; // lines, the first of which says where the walk stands

/**
 * About how many lines the longest text of a moment takes, with the one above it.
 * @param {readonly Moment[]} moments
 * @param {number} letters of a line
 */
export function linesOf(moments, letters) {
  let most = LEAST;
  for (const { told } of moments) {
    if (most >= MOST) break;
    const lines = (told ?? [])
      .map(([text]) => text)
      .join("")
      .split("\n");
    most = Math.max(
      most,
      lines.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / letters)), 1),
    );
  }
  return Math.min(most, MOST);
}

/**
 * What a box or an arrow still waits for at a moment: its value, its gradient, or nothing ("").
 * @param {{ forward?: number, backward?: number }} chosen
 * @param {number} moment
 * @returns {"" | "value" | "gradient"}
 */
export function awaited({ forward = 0, backward = 0 }, moment) {
  if (moment < forward) return "value";
  return moment < backward ? "gradient" : "";
}

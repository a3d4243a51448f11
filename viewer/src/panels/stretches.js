/** @typedef {{ from: number, to: number, folded: boolean }} Stretch */

const AROUND = 4; // lines that are shown before and after one that is used
const SHORTEST = 8; // lines that are folded at all
const SHORT = 60; // a file of no more lines is shown whole

/**
 * The lines of a file in stretches, those far from every used line folded.
 * @param {number} first the number of the first line
 * @param {number} count
 * @param {readonly number[]} used the numbers of the lines that are used
 * @returns {Stretch[]}
 */
export function stretches(first, count, used) {
  const last = first + count - 1;
  if (count <= SHORT || !used.length) return [{ from: first, to: last, folded: false }];
  /** @type {Stretch[]} */
  const found = [];
  let next = first;
  for (const line of [...used].sort((one, other) => one - other)) {
    const from = Math.max(line - AROUND, next);
    const to = Math.min(line + AROUND, last);
    if (to < next) continue;
    if (from > next) found.push(gap(next, from - 1));
    found.push({ from, to, folded: false });
    next = to + 1;
  }
  if (next <= last) found.push(gap(next, last));
  return found;
}

/**
 * @param {number} from
 * @param {number} to
 */
function gap(from, to) {
  return { from, to, folded: to - from + 1 >= SHORTEST };
}

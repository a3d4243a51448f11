// One axis of an opened part: where a coordinate of the closed layout lies once boxes have grown.

/**
 * A monotone, piecewise linear map that never shrinks a distance: `from[i]` lies at `to[i]`, beyond the ends it moves along.
 * @typedef {{ from: number[], to: number[] }} Axis
 */

/**
 * Asks that the places `start` and `end` be at least `size` apart. `far` says at which of the two the growth belongs.
 * @typedef {{ start: number, end: number, size: number, far: "start" | "end" }} Span
 */

/** Growth happens within this many pixels of a breakpoint, so that what lies beside it moves as a whole. */
const SEAM = 0.5;

/**
 * The map under which every span is as long as it asks: the longest path through the sorted breakpoints.
 * @param {Span[]} spans
 * @returns {Axis}
 */
export function stretch(spans) {
  const places = [...new Set(spans.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  /** @type {Map<number, Span[]>} */
  const ending = new Map(places.map((place) => [place, []]));
  for (const span of spans) ending.get(span.end)?.push(span);
  /** @type {Map<number, number>} */
  const reached = new Map();
  /** @type {Axis} */
  const axis = { from: [], to: [] };
  places.forEach((place, index) => {
    const before = index ? places[index - 1] : place;
    const plain = (reached.get(before) ?? place) + place - before;
    const here = ending.get(place) ?? [];
    const wanted = here.map(({ start, size }) => (reached.get(start) ?? start) + size);
    const arrived = Math.max(plain, ...wanted);
    reached.set(place, arrived);
    if (arrived > plain)
      addSeam(
        axis,
        before,
        place,
        arrived - plain,
        here.every(({ far }) => far === "start"),
      );
    axis.from.push(place);
    axis.to.push(arrived);
  });
  return axis;
}

/**
 * Puts the growth between two breakpoints into a narrow seam beside the first or the second.
 * @param {Axis} axis
 * @param {number} before
 * @param {number} place
 * @param {number} growth
 * @param {boolean} early
 */
function addSeam(axis, before, place, growth, early) {
  const width = Math.min(SEAM, (place - before) / 2);
  const from = early ? before + width : place - width;
  const moved = axis.to[axis.to.length - 1] + from - before;
  axis.from.push(from);
  axis.to.push(early ? moved + growth : moved);
}

/**
 * Where a coordinate lies.
 * @param {Axis} axis
 * @param {number} value
 */
export function along({ from, to }, value) {
  if (!from.length || value <= from[0]) return value + (from.length ? to[0] - from[0] : 0);
  let low = 0;
  let high = from.length - 1;
  if (value >= from[high]) return value + to[high] - from[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (from[middle] <= value) low = middle;
    else high = middle;
  }
  return to[low] + ((value - from[low]) * (to[high] - to[low])) / (from[high] - from[low]);
}

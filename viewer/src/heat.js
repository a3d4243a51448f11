/** @typedef {import("./types.js").Heat} Heat */

/** The number of steps of colour. */
export const STEPS = 5;
/** The step of what rounding does not explain: the only one that says that something is wrong. */
export const WRONG = STEPS;
/** The heat whose numbers have a border between right and wrong, at 1. */
const ERRORS = /in units of the rounding floor$/;

/**
 * One step of colour: the texts of its smallest and largest number, "" if no box has it.
 * @typedef {{ low: string, high: string, count: number }} Range
 */

/** @typedef {{ step: (key: string) => number, ranges: Range[] }} Scale */

/** @type {WeakMap<Heat, Scale>} */
const known = new WeakMap();

/**
 * The step of colour of every box, 0 the coolest and −1 for a box without a number, and what each step stands for. Positive numbers
 * are parted by their logarithms, because gradients differ by powers of ten; zero and less is the coolest step, what is no finite
 * number the hottest. An error above the rounding floor has a step of its own, so that no colour of what agrees is the colour of what
 * differs.
 * @param {Heat} heat
 * @returns {Scale}
 */
export function heatScale(heat) {
  const scale = known.get(heat) ?? scaleOf(heat);
  known.set(heat, scale);
  return scale;
}

/**
 * @param {Heat} heat
 * @returns {Scale}
 */
function scaleOf(heat) {
  const wrong = /** @param {number | null} value */ (value) => ERRORS.test(heat.name) && (value === null || value > 1);
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const value of Object.values(heat.values)) {
    if (!Number.isFinite(value) || value <= 0 || wrong(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const low = Math.log(least);
  const high = Math.log(most);
  const step = /** @param {string} key */ (key) => {
    if (!(key in heat.values)) return -1;
    return wrong(heat.values[key]) ? WRONG : stepOf(heat.values[key], low, high);
  };
  return { step, ranges: rangesOf(heat, step) };
}

/**
 * @param {number | null} value
 * @param {number} low the logarithm of the smallest positive number
 * @param {number} high that of the largest
 */
function stepOf(value, low, high) {
  if (value === null || !Number.isFinite(value)) return STEPS - 1;
  if (value <= 0) return 0;
  if (high <= low) return STEPS - 1;
  return Math.min(Math.floor((STEPS * (Math.log(value) - low)) / (high - low)), STEPS - 1);
}

/**
 * @param {Heat} heat
 * @param {(key: string) => number} step
 */
function rangesOf(heat, step) {
  const ranges = Array.from({ length: WRONG + 1 }, () => ({
    low: "",
    high: "",
    count: 0,
    least: Number.POSITIVE_INFINITY,
    most: Number.NEGATIVE_INFINITY,
  }));
  for (const [key, known] of Object.entries(heat.values)) {
    const range = ranges[step(key)];
    const value = Number.isFinite(known) ? known : Number.POSITIVE_INFINITY;
    if (value < range.least || !range.count) Object.assign(range, { least: value, low: heat.texts[key] ?? "" });
    if (value > range.most || !range.count) Object.assign(range, { most: value, high: heat.texts[key] ?? "" });
    range.count += 1;
  }
  return ranges.map(({ low, high, count }) => ({ low, high, count }));
}

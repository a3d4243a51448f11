import assert from "node:assert/strict";
import { test } from "node:test";
import { heatScale, WRONG } from "../src/heat.js";

/**
 * A heat with the numbers' own texts.
 * @param {Record<string, number>} values
 */
function heat(values) {
  return { name: "norm", values, texts: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, String(value)])) };
}

test("numbers are parted by their powers of ten", () => {
  const { step } = heatScale(heat({ a: 1, b: 10, c: 100, d: 1000, e: 10_000, f: 100_000 }));

  assert.deepEqual(["a", "b", "c", "d", "e", "f"].map(step), [0, 1, 2, 3, 4, 4]);
});

test("zero is the coolest, what is not finite the hottest, and a box without a number has no colour", () => {
  const { step } = heatScale({ name: "", values: { a: 0, b: 1, c: 2, d: /** @type {any} */ (null) }, texts: {} });

  assert.deepEqual(["a", "d", "other"].map(step), [0, 4, -1]);
});

test("where all numbers are the same nothing divides by zero", () => {
  assert.deepEqual(["a", "b"].map(heatScale(heat({ a: 2, b: 2 })).step), [4, 4]);
});

test("the legend says the texts of the smallest and the largest number of each step", () => {
  const { ranges } = heatScale(heat({ a: 1, b: 1.5, c: 100_000 }));

  assert.deepEqual(
    [ranges[0], ranges[1], ranges[4]],
    [
      { low: "1", high: "1.5", count: 2 },
      { low: "", high: "", count: 0 },
      { low: "100000", high: "100000", count: 1 },
    ],
  );
});

test("an error has the red of what differs above 1 only", () => {
  const errors = { ...heat({ a: 0, b: 0.01, c: 1, d: 1.01, e: 1e9 }), name: "error in units of the rounding floor" };
  const { step, ranges } = heatScale(errors);

  assert.deepEqual(["a", "b", "c", "d", "e"].map(step), [0, 0, 4, WRONG, WRONG]);
  assert.deepEqual(ranges[WRONG], { low: "1.01", high: "1000000000", count: 2 });
  assert.ok(["a", "e"].every((key) => heatScale(heat({ a: 2, e: 1e9 })).step(key) < WRONG));
});

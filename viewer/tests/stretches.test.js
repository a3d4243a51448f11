import assert from "node:assert/strict";
import { test } from "node:test";
import { stretches } from "../src/panels/stretches.js";

test("a short file is shown whole", () => {
  assert.deepEqual(stretches(1, 60, [30]), [{ from: 1, to: 60, folded: false }]);
});

test("lines far from every used one are folded", () => {
  assert.deepEqual(stretches(1, 200, [100, 103]), [
    { from: 1, to: 95, folded: true },
    { from: 96, to: 104, folded: false },
    { from: 105, to: 107, folded: false },
    { from: 108, to: 200, folded: true },
  ]);
});

test("a few lines between two used ones are not folded", () => {
  const between = stretches(1, 100, [20, 33]).filter(({ from }) => from === 25);

  assert.deepEqual(between, [{ from: 25, to: 28, folded: false }]);
});

test("every line is in one stretch, also where the file begins later or the used lines are at its ends", () => {
  const lines = stretches(11, 100, [11, 50, 110]).flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, place) => from + place),
  );

  assert.deepEqual(
    lines,
    Array.from({ length: 100 }, (_, place) => 11 + place),
  );
});

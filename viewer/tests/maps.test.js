import assert from "node:assert/strict";
import { test } from "node:test";
import { along, stretch } from "../src/maps.js";

const FAR = /** @type {const} */ ({ far: "end" });

test("where nothing grows everything stays", () => {
  const axis = stretch([]);

  assert.deepEqual(
    [-5, 0, 70].map((place) => along(axis, place)),
    [-5, 0, 70],
  );
});

test("what grows is as long as it asks, and pushes what is behind it", () => {
  const axis = stretch([{ start: 10, end: 30, size: 100, ...FAR }]);

  assert.deepEqual(
    [0, 10, 30, 50].map((place) => along(axis, place)),
    [0, 10, 110, 130],
  );
});

test("two that grow side by side share the room, two in a row do not", () => {
  const beside = stretch([
    { start: 0, end: 20, size: 100, ...FAR },
    { start: 0, end: 20, size: 60, ...FAR },
  ]);
  const behind = stretch([
    { start: 0, end: 20, size: 100, ...FAR },
    { start: 30, end: 50, size: 60, ...FAR },
  ]);

  assert.deepEqual([along(beside, 20), along(behind, 50)], [100, 170]);
});

test("overlapping ones are each as long as they ask, along the longest path", () => {
  const axis = stretch([
    { start: 0, end: 20, size: 100, ...FAR },
    { start: 10, end: 30, size: 50, ...FAR },
  ]);

  assert.ok(along(axis, 20) - along(axis, 0) >= 100 && along(axis, 30) - along(axis, 10) >= 50);
  assert.equal(along(axis, 30), 110);
});

test("growth lies beside one place, so that what is near the other moves as a whole", () => {
  const late = stretch([{ start: 0, end: 100, size: 500, ...FAR }]);
  const early = stretch([{ start: 0, end: 100, size: 500, far: "start" }]);

  assert.deepEqual(
    [50, 90].map((place) => along(late, place)),
    [50, 90],
  );
  assert.deepEqual(
    [50, 90].map((place) => along(early, place)),
    [450, 490],
  );
});

test("no distance shrinks and no order changes", () => {
  const axis = stretch([
    { start: 5, end: 6, size: 40, ...FAR },
    { start: 5.5, end: 90, size: 20, far: "start" },
  ]);
  for (let place = 0; place < 100; place += 0.25) {
    assert.ok(along(axis, place + 0.25) - along(axis, place) >= 0.25 - 1e-9);
  }
});

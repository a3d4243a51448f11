import assert from "node:assert/strict";
import { test } from "node:test";
import { seen } from "../src/panels/elements.js";

test("of a pane that goes on below the window the part above that counts", () => {
  assert.deepEqual(
    [seen(500, 1030, 720), seen(-50, 400, 720), seen(100, 300, 720)],
    [
      [500, 720],
      [0, 400],
      [100, 300],
    ],
  );
});

test("of a pane that is hardly seen all counts", () => {
  assert.deepEqual(seen(700, 1000, 720), [700, 1000]);
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { byLine, lookup, named, once, shortly } from "../src/panels/lookup.js";

/** @type {import("../src/types.js").PageData} */
const EXAMPLE = JSON.parse(readFileSync(new URL("samples/example.json", import.meta.url), "utf8"));
const PLACE = { x: 0, y: 0, w: 1, h: 1 };

/**
 * A part with one operation that takes a value from outside and gives one away, in a box, between two operations.
 * @returns {import("../src/types.js").Part}
 */
function nested() {
  const inside = {
    ...PLACE,
    key: "m:a",
    boxes: [{ ...PLACE, key: "s2", kind: /** @type {const} */ ("operation") }],
    arrows: [
      { key: "i", from: "", to: "s2", values: ["s1:0"], points: [] },
      { key: "o", from: "s2", to: "", values: ["s2:0"], points: [] },
    ],
  };
  return {
    ...PLACE,
    key: "",
    boxes: [
      { ...PLACE, key: "s1", kind: "operation" },
      { ...PLACE, key: "m:a", kind: "module", inside },
      { ...PLACE, key: "s3", kind: "operation" },
    ],
    arrows: [
      { key: "1", from: "s1", to: "m:a", values: ["s1:0"], points: [] },
      { key: "2", from: "m:a", to: "s3", values: ["s2:0"], points: [] },
    ],
  };
}

test("every box and arrow is found by its key, those inside of a box too", () => {
  const { boxes, arrow } = lookup(nested());

  assert.deepEqual(
    [[...boxes.keys()].sort(), ["1", "2", "i", "o", ""].map((key) => arrow(key)?.key)],
    [
      ["m:a", "s1", "s2", "s3"],
      ["1", "2", "i", "o", undefined],
    ],
  );
});

test("the neighbours are the boxes at the other ends of the arrows", () => {
  const { before, after } = lookup(EXAMPLE.root);

  assert.deepEqual([before("s2"), after("s2")], [["w3.0", "c0.0"], ["s1"]]);
});

test("an arrow through the border of a part leads to the operation that makes or takes its value", () => {
  const { before, after } = lookup(nested());

  assert.deepEqual([before("s2"), after("s2")], [["s1"], ["s3"]]);
});

test("a box is named by its title row, else by what is spoken of it", () => {
  const box = { ...PLACE, key: "s9", kind: /** @type {const} */ ("operation") };

  assert.deepEqual(
    [
      named({
        ...box,
        rows: [
          {
            y: 0,
            shows: "always",
            cells: [
              ["ŷ", "name"],
              [" = w", "plain"],
            ],
          },
        ],
      }),
      named(box),
    ],
    ["ŷ = w", "s9"],
  );
});

test("a box is shortly named without the expression behind its name", () => {
  const [row] = /** @type {import("../src/types.js").Row[]} */ ([
    {
      y: 0,
      shows: "always",
      cells: [
        ["ŷ", "name"],
        [" = w", "plain"],
      ],
    },
  ]);

  assert.equal(shortly({ ...PLACE, key: "s9", kind: "operation", rows: [row] }), "ŷ");
});

test("a line of the program knows its boxes, and a file that is not there breaks nothing", () => {
  const lines = byLine(lookup(EXAMPLE.root).boxes, 1);

  assert.deepEqual([lines[0].get(12), byLine(lookup(EXAMPLE.root).boxes, 0)], [["s2"], []]);
});

test("what is worked out once is worked out once", () => {
  let count = 0;
  const work = once(() => (count += 1));

  assert.deepEqual([work(), work()], [1, 1]);
});

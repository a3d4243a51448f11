import assert from "node:assert/strict";
import { test } from "node:test";
import { marksOf } from "../src/marks.js";
import { createStore } from "../src/store.js";

/** @type {import("../src/types.js").Box} */
const BOX = {
  key: "s1",
  kind: "operation",
  x: 0,
  y: 0,
  w: 9,
  h: 9,
  spoken: "s = 3, gradient 2, agrees",
  forward: 1,
  backward: 3,
  rows: [
    { y: 1, shows: "always", cells: [["s = a + b", "name"]] },
    { y: 2, shows: "forward", cells: [["3", "forward"]] },
    { y: 3, shows: "backward", cells: [["2", "backward"]] },
  ],
};
/** @type {import("../src/types.js").PageData} */
const DATA = {
  title: "",
  moments: ["", "s1", "s0", "s1"].map((box, moment) => ({ forward: moment < 3, box, told: [] })),
  root: { key: "", w: 9, h: 9, boxes: [BOX] },
  heats: [{ name: "norm", values: { s1: 2, s0: 0.1 }, texts: { s1: "2.0" } }],
};

/**
 * The marks in a state that differs from the first one by this.
 * @param {Partial<import("../src/types.js").State>} state
 */
function marks(state) {
  const shownAs = (/** @type {string} */ key) => (key === "s9" ? "s1" : key);
  return marksOf(DATA, createStore(state).get(), shownAs, new Set([...(state.found ?? [])].map(shownAs)));
}

test("what is not computed yet has neither value nor gradient", () => {
  assert.equal(marks({ moment: 0 }).box(BOX), "no-value no-gradient");
});

test("the value is there from its moment on, the gradient from its own", () => {
  assert.deepEqual([marks({ moment: 2 }).box(BOX), marks({ moment: 3 }).box(BOX)], ["no-gradient", ""]);
});

test("the box of the moment is marked while the walk goes on", () => {
  assert.equal(marks({ moment: 1 }).box(BOX), "no-gradient now");
});

test("a screen reader hears no number that is not seen", () => {
  assert.deepEqual(
    [0, 1, 3].map((moment) => marks({ moment }).spoken(BOX)),
    ["s = a + b", "s = a + b, 3", "s = 3, gradient 2, agrees"],
  );
});

test("a box in a closed part marks the part", () => {
  assert.equal(marks({ moment: 3, selected: "s9", found: new Set(["s9"]) }).box(BOX), "selected found");
});

test("heat is a step of colour and a number in words", () => {
  const { box, heat } = marks({ moment: 3, heat: 0 });

  assert.deepEqual([box(BOX), heat(BOX)], ["heat-4", "2.0"]);
});

test("arrows at the selected box are marked", () => {
  const arrow = { key: "a", from: "s1", to: "s0", points: [], forward: 1, backward: 3 };

  assert.equal(marks({ moment: 3, selected: "s1" }).arrow(/** @type {import("../src/types.js").Arrow} */ (arrow)), "near");
});

test("a weight is marked when its gradient comes, at the end only if the reader walked there", () => {
  const weight = { ...BOX, key: "w0.0", kind: /** @type {const} */ ("weight"), forward: 0, backward: 3 };
  const at = (/** @type {number} */ moment, walked = true) =>
    marksOf(DATA, createStore({ moment }).get(), (key) => key, new Set(), walked)
      .box(weight)
      .split(" ")
      .includes("now");

  assert.deepEqual([at(2), at(3), at(3, false)], [false, true, false]);
});

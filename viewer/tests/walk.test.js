import assert from "node:assert/strict";
import { test } from "node:test";
import { createScene } from "../src/scene.js";
import { alongArrow, areaOf, beside, first, last, spotOf } from "../src/walk.js";

/** @typedef {import("../src/types.js").Part} Part */

/**
 * @param {string} key
 * @param {number} x
 * @param {number} y
 */
function box(key, x, y) {
  return { key, kind: /** @type {const} */ ("operation"), x, y, w: 40, h: 20 };
}

/**
 * @param {string} from
 * @param {string} to
 * @param {number} y
 * @param {string} value
 */
function arrow(from, to, y, value) {
  return {
    key: `${from}>${to}`,
    from,
    to,
    values: [value],
    points: /** @type {[number, number][]} */ ([
      [0, y],
      [100, y],
    ]),
  };
}

/** a → m(i → j) → z, and b below a. @type {Part} */
const ROOT = {
  key: "",
  w: 400,
  h: 100,
  boxes: [
    box("a", 0, 0),
    box("b", 0, 60),
    {
      ...box("m", 100, 0),
      kind: "module",
      inside: {
        key: "m",
        w: 200,
        h: 40,
        boxes: [box("i", 20, 10), box("j", 100, 10)],
        arrows: [arrow("", "i", 20, "a"), arrow("i", "j", 20, "i"), arrow("j", "", 20, "j")],
      },
    },
    box("z", 300, 0),
  ],
  arrows: [arrow("a", "m", 10, "a"), arrow("m", "z", 10, "j")],
};

/**
 * What a step from a box leads to.
 * @param {string} key
 * @param {"left" | "right" | "up" | "down"} direction
 * @param {string[]} opened
 */
function step(key, direction, opened = ["m"]) {
  const scene = createScene(ROOT);
  const laid = scene.layout(new Set(opened));
  const spot = spotOf(laid, scene.find(key)?.around ?? [], key);
  if (!spot) return null;
  return direction === "left" || direction === "right" ? alongArrow(spot, direction) : beside(spot, direction);
}

test("right follows the arrow to a closed part", () => {
  assert.equal(step("a", "right", []), "m");
});

test("right follows the value into an opened part", () => {
  assert.equal(step("a", "right"), "i");
});

test("right from an opened part goes to the first box inside", () => {
  assert.equal(step("m", "right"), "i");
});

test("right goes out through the border to the box that takes the value", () => {
  assert.equal(step("j", "right"), "z");
});

test("left goes back the same way", () => {
  assert.deepEqual([step("z", "left"), step("j", "left"), step("i", "left"), step("z", "left", [])], ["j", "i", "a", "m"]);
});

test("where no arrow leads on there is no step", () => {
  assert.deepEqual([step("z", "right"), step("a", "left")], ["", ""]);
});

test("up and down go to neighbours", () => {
  assert.deepEqual([step("a", "down"), step("b", "up"), step("a", "up")], ["b", "a", ""]);
});

test("a box in a closed part lies nowhere", () => {
  assert.equal(step("i", "right", []), null);
});

test("Home and End are the leftmost and the rightmost box", () => {
  const laid = createScene(ROOT).layout(new Set());

  assert.deepEqual([first(laid), last(laid)], ["a", "z"]);
});

test("a box in an opened part lies below the header of that part", () => {
  const scene = createScene(ROOT);
  const laid = scene.layout(new Set(["m"]));
  const outer = spotOf(laid, [], "m");
  const inner = spotOf(laid, scene.find("i")?.around ?? [], "i");

  assert.ok(outer && inner);
  assert.deepEqual([areaOf(inner).x - areaOf(outer).x, areaOf(inner).y - areaOf(outer).y], [48, 40]);
});

test("down goes to a box in another column where there is none below", () => {
  const part = { key: "", w: 400, h: 100, boxes: [box("s", 300, 0), box("beside", 200, 3), box("y", 150, 60)], arrows: [] };
  const laid = createScene(part).layout(new Set());
  const to = (/** @type {string} */ key, /** @type {"up" | "down"} */ way) => {
    const spot = spotOf(laid, [], key);
    return spot && beside(spot, way);
  };

  assert.deepEqual([to("s", "down"), to("s", "up"), to("y", "up")], ["y", "", "beside"]);
});

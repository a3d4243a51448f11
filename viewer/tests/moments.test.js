import assert from "node:assert/strict";
import { test } from "node:test";
import { awaited, direction, linesOf, playsFrom, spokenLine, standing, within } from "../src/panels/moments.js";

test("the walk says where it stands, forward and then backward", () => {
  assert.deepEqual(
    [0, 2, 3, 4, 7].map((moment) => standing(moment, 3, 7)),
    ["the beginning", "forward 2 of 3", "forward 3 of 3", "backward 1 of 4", "backward 4 of 4"],
  );
});

test("every moment has the colour of its direction, the beginning none", () => {
  assert.deepEqual(
    [0, 3, 4].map((moment) => direction(moment, 3)),
    ["", "forward", "backward"],
  );
});

test("a step never leaves the walk", () => {
  assert.deepEqual([within(-1, 7), within(8, 7), within(3, 7)], [0, 7, 3]);
});

test("playing goes on from where it stands, and begins again after the end", () => {
  assert.deepEqual([playsFrom(3, 7), playsFrom(7, 7)], [3, 0]);
});

test("what is told is spoken as its text", () => {
  assert.equal(
    spokenLine([
      ["ŷ = ", "plain", "<math/>"],
      ["1", "forward"],
    ]),
    "ŷ = 1",
  );
});

test("a box waits for its value, then for its gradient, and one that gets neither for nothing", () => {
  const at = (/** @type {number} */ moment) => awaited({ forward: 2, backward: 5 }, moment);

  assert.deepEqual([at(1), at(2), at(4), at(5), awaited({}, 0)], ["value", "gradient", "gradient", "", ""]);
});

test("the room for what is told is that of the longest text, between four and nine lines", () => {
  const moment = (/** @type {string} */ text) => ({ forward: true, box: "", told: /** @type {[string, string][]} */ ([[text, "plain"]]) });

  assert.equal(linesOf([moment("a")], 10), 4);
  assert.equal(linesOf([moment("a"), moment(`a\n${"b".repeat(41)}`)], 10), 1 + 1 + 5);
  assert.equal(linesOf([moment("a\n".repeat(50))], 10), 9);
});

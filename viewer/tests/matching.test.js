import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, entriesOf, matching } from "../src/panels/matching.js";

const SOURCES = [{ name: "train.py", lines: ["", "", ""] }];

/**
 * A box with a title.
 * @param {string} key
 * @param {string} title
 * @param {Partial<import("../src/types.js").Box>} [more]
 * @returns {import("../src/types.js").Box}
 */
function box(key, title, more = {}) {
  return { key, kind: "operation", x: 0, y: 0, w: 1, h: 1, rows: [{ y: 0, shows: "always", cells: [[title, "name"]] }], ...more };
}

const ALL = [
  box("s0", "ŷ = w · x", { op: "MulBackward0", source: [0, 1], verdict: "agrees" }),
  box("s1", "s = ŷ − y", { op: "SubBackward0", source: [0, 12], verdict: "differs", module: "h.0.attn" }),
  box("s2", "loss = s²", { op: "PowBackward0", source: [0, 2], verdict: "not compared", module: "h.1.attn" }),
].map((each) => entriesOf(SOURCES)(each));

/**
 * The keys that a query finds.
 * @param {string} query
 */
const found = (query) => matching(ALL, query).map(({ key }) => key);

test("a plain word is found in name, operation, module, file and verdict", () => {
  assert.deepEqual(["loss", "subback", "h.1", "train.py", "differs"].map(found), [["s2"], ["s1"], ["s2"], ["s0", "s1", "s2"], ["s1"]]);
});

test("all words of a query must be there", () => {
  assert.deepEqual(found("attn pow"), ["s2"]);
});

test("a field is asked by its name and a colon", () => {
  assert.deepEqual(["verdict:differs", "op:mul", "module:h.0", "name:y"].map(found), [["s1"], ["s0"], ["s1"], ["s0", "s1"]]);
});

test("a line is the whole number", () => {
  assert.deepEqual(found("line:1"), ["s0"]);
});

test("quotes hold a verdict of two words together", () => {
  assert.deepEqual(found('verdict:"not compared"'), ["s2"]);
});

test("a name is found as the program writes it, as it is shown, and without its accent", () => {
  assert.deepEqual(["name:y_hat", "name:ŷ", "name:y"].map(found), [
    ["s0", "s1"],
    ["s0", "s1"],
    ["s0", "s1"],
  ]);
});

test("case does not matter, and an empty query finds nothing", () => {
  assert.deepEqual([found("LOSS"), found("  "), found("verdict:")], [["s2"], [], []]);
});

test("the count is said in words", () => {
  assert.deepEqual(
    [counted(0, "x"), counted(1, "x"), counted(12345, "x"), counted(0, " ")],
    ["no boxes found", "1 box found", "12,345 boxes found", ""],
  );
});

test("a module that is asked for by its path comes first", () => {
  const inside = box("s9", "q", { module: "transformer.h.3.attn" });
  const part = box("m:transformer.h.3.attn", "attn", { kind: "module" });
  const entries = [inside, part].map((each) => entriesOf(SOURCES)(each));

  assert.deepEqual(
    matching(entries, "h.3.attn").map(({ key }) => key),
    ["m:transformer.h.3.attn", "s9"],
  );
});

test("what is not finite is found by that and as nan", () => {
  const heats = [{ name: "not finite", values: { s0: 0, s1: 3 }, texts: {} }];
  const entries = [box("s0", "a"), box("s1", "b")].map((each) => entriesOf(SOURCES, heats)(each));

  for (const query of ["nan", "NaN", "not finite"]) {
    assert.deepEqual(
      matching(entries, query).map(({ key }) => key),
      ["s1"],
    );
  }
});

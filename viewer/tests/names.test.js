import assert from "node:assert/strict";
import { test } from "node:test";
import { nameIn, shortNames } from "../src/names.js";

/**
 * A box with this title.
 * @param {import("../src/types.js").Cell[]} cells
 * @returns {import("../src/types.js").Box}
 */
function box(...cells) {
  return { key: "", kind: "operation", x: 0, y: 0, w: 0, h: 0, rows: [{ y: 18, shows: "always", cells }] };
}

/** Every letter is 0.6 of its size wide. @param {string} text @param {number} size */
const ruler = (text, size) => [...text].length * 0.6 * size;

test("a box is called by its name, without its expression and then without the modules around it", () => {
  assert.deepEqual(shortNames(box(["s", "name"], [" = ", "plain"], ["a − b", "forward"])), ["s"]);
  assert.deepEqual(shortNames(box(["h.0.attn.weight", "name"])), ["h.0.attn.weight", "0.attn.weight", "attn.weight", "weight"]);
  assert.deepEqual(shortNames(box(["h.11", "name"])), ["h.11"]);
  assert.deepEqual(shortNames(box(["h.0 … h.11 × 12", "name"])), ["h.0 … h.11 × 12", "h × 12"]);
});

test("a name is never smaller than 9 pixels on the screen where its box is 30 pixels wide", () => {
  const names = ["wte", "transformer.wte.weight", "h.0 … h.11 × 12", "hidden_states₇₆"].map((text) => box([text, "name"]));
  for (const scale of [0.05, 0.1, 0.2, 0.4]) {
    for (const wide of [30, 50, 100]) {
      for (const each of names) {
        const name = nameIn(each, { w: wide / scale, h: 12 / scale }, scale, ruler);
        assert.ok(name && name.size * scale >= 8.99 && ruler(name.text, name.size) * scale <= wide, `${name?.text} ${scale} ${wide}`);
      }
    }
  }
});

test("what has no room for letters has no name", () => {
  assert.equal(nameIn(box(["transformer", "name"]), { w: 100, h: 50 }, 0.1, ruler), null);
  assert.equal(nameIn(box(), { w: 1000, h: 500 }, 1, ruler), null);
});

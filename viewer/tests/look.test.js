import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import geometry from "../src/geometry.json" with { type: "json" };
import { countsOf, roleClass } from "../src/panels/blocks.js";
import { allowedAttribute, allowedElement } from "../src/panels/mathml.js";

const [LIGHT, DARK] = readFileSync(new URL("../src/colours.css", import.meta.url), "utf8")
  .split("@media")
  .map((text) => Object.fromEntries([...text.matchAll(/--([\w-]+): (#\w{6});/g)].map(([, name, colour]) => [name, colour])));
const TEXTS = ["ink", "faint", "forward", "backward", "agrees", "differs", "not-compared", "plus", "minus"];
const PAIRS = [
  ...TEXTS.map((text) => [text, "ground"]),
  ...["ink", "faint", "forward", "backward"].flatMap((text) => [
    [text, "pale"],
    [text, "surface"],
  ]),
  ...["forward-pale", "backward-pale", "selected-pale", "found"].flatMap((ground) => [
    ["ink", ground],
    ["faint", ground],
  ]),
  ...[0, 1, 2, 3, 4, 5].flatMap((step) => TEXTS.map((text) => [text, `heat-${step}`])),
  ["on-loud", "loud"],
];

/**
 * The contrast of two colours as WCAG defines it.
 * @param {string} one
 * @param {string} other
 */
function contrast(one, other) {
  const [dark, light] = [one, other].map(luminance).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/**
 * @param {string} colour
 */
function luminance(colour) {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

for (const [name, colours] of /** @type {const} */ ([
  ["light", LIGHT],
  ["dark", DARK],
])) {
  test(`every text of the page has a contrast of 4.5 on its ground, ${name}`, () => {
    const poor = PAIRS.filter(([text, ground]) => !(contrast(colours[text], colours[ground]) >= 4.5));

    assert.deepEqual(poor, []);
  });

  test(`what is pressed or focused is seen with a contrast of 3, ${name}`, () => {
    const poor = ["control", "selected", "forward", "backward", ...[0, 1, 2, 3, 4, 5].map((step) => `hot-${step}`)].filter(
      (line) => !(contrast(colours[line], colours.ground) >= 3),
    );

    assert.deepEqual(poor, []);
  });

  test(`page and drawn picture have the same colours, ${name}`, () => {
    const drawn = Object.entries(geometry.colours[name]).map(([key, colour]) => [key.replace(" ", "-"), colour]);

    assert.deepEqual(
      drawn.filter(([key, colour]) => colours[key] !== colour),
      [],
    );
  });
}

test("a role of two words is one class", () => {
  assert.equal(roleClass("not compared"), "role-not-compared");
});

test("a column is as wide as the row with most pieces in it, and a line across counts for none", () => {
  const cell = /** @type {import("../src/types.js").Cell} */ (["1", "plain"]);

  assert.deepEqual(countsOf([[[cell], [cell, cell, cell]], [[cell, cell]], [[cell], [cell]]], 2), [1, 3]);
});

test("only MathML's own elements come into a formula", () => {
  const mathml = "http://www.w3.org/1998/Math/MathML";

  assert.deepEqual(
    [allowedElement(mathml, "mfrac"), allowedElement(mathml, "script"), allowedElement("http://www.w3.org/1999/xhtml", "mfrac")],
    [true, false, false],
  );
});

test("no attribute that runs, loads or styles comes into a formula", () => {
  assert.deepEqual(["onclick", "href", "style", "class", "src", "xlink:href", "id"].filter(allowedAttribute), []);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { grid, visible } from "../src/cull.js";
import { createScene, GUTTER, HEADER } from "../src/scene.js";
import { madePart, numbers, openable } from "./made.js";

/** @typedef {import("../src/scene.js").PartPlace} PartPlace */
/** @typedef {{ key: string, x: number, y: number, w: number, h: number }} Lying */

const root = madePart("p", numbers(7), { columns: 6, rows: 4, depth: 3 });
const laid = createScene(root).layout(new Set(openable(root)));

/**
 * Every box that is open to the view, in the coordinates of the scene, found without any index.
 * @param {PartPlace} part
 * @returns {Lying[]}
 */
function lying(part, x = 0, y = 0) {
  return part.places.flatMap((place) => [
    { key: place.box.key, x: x + place.x, y: y + place.y, w: place.w, h: place.h },
    ...(place.inside ? lying(place.inside, x + place.x + GUTTER, y + place.y + HEADER) : []),
  ]);
}

test("the window shows the boxes that lie in it, and no others", () => {
  const all = lying(laid);
  for (const start of [0, 0.2, 0.5, 0.8]) {
    const area = { x: laid.w * start, y: laid.h * start, w: 700, h: 500 };
    const expected = all.filter(
      (box) => box.x <= area.x + area.w && area.x <= box.x + box.w && box.y <= area.y + area.h && area.y <= box.y + box.h,
    );
    const seen = visible(laid, area, 1).boxes;

    assert.deepEqual(seen.map(({ place }) => place.box.key).sort(), expected.map(({ key }) => key).sort());
  }
});

test("a box is seen where it lies in the scene", () => {
  const places = new Map(lying(laid).map((box) => [box.key, box]));
  for (const { place, x, y } of visible(laid, { x: 0, y: 0, w: laid.w, h: laid.h }, 1).boxes) {
    const expected = places.get(place.box.key);
    assert.deepEqual([x, y], [expected?.x, expected?.y]);
  }
});

test("outer boxes come before inner ones, one level deeper each", () => {
  const order = visible(laid, { x: 0, y: 0, w: laid.w, h: laid.h }, 1).boxes;
  const depths = new Map(order.map(({ place, depth }) => [place.box.key, depth]));
  for (const { place, depth } of order) assert.equal(depth, depths.get(place.box.key));
  assert.ok(Math.max(...depths.values()) > 1);
});

test("from far away opened parts are drawn closed", () => {
  const flat = madePart("f", numbers(7), { columns: 6, rows: 4, depth: 1 });
  const open = createScene(flat).layout(new Set(openable(flat)));
  const { boxes } = visible(open, { x: 0, y: 0, w: open.w, h: open.h }, 0.05);

  assert.equal(boxes.length, flat.boxes.length);
  assert.ok(boxes.every(({ opened }) => !opened));
});

test("an arrow that goes on in an opened part is joined at that end", () => {
  const { arrows } = visible(laid, { x: 0, y: 0, w: laid.w, h: laid.h }, 1);
  const inner = arrows.filter(({ lines }) => lines.length);

  assert.ok(inner.length > 10);
  assert.ok(inner.every(({ route, startJoined, endJoined }) => (route.arrow.from ? endJoined : startJoined)));
});

test("many boxes at once are fewer than the most that are painted", () => {
  const wide = madePart("q", numbers(2), { columns: 40, rows: 5, depth: 2 });
  const open = createScene(wide).layout(new Set(openable(wide)));
  const all = lying(open).length;
  const seen = visible(open, { x: 0, y: 0, w: open.w, h: open.h }, 0.3);

  assert.ok(all > 1500);
  assert.ok(seen.boxes.length + seen.arrows.length <= 1500);
});

test("a grid finds what a search through all finds", () => {
  const random = numbers(11);
  const items = Array.from({ length: 500 }, () => ({ x: random() * 9000 - 3000, y: random() * 9000, w: random() * 900, h: random() * 90 }));
  const find = grid(items, (item) => item);
  const area = { x: -500, y: 800, w: 1500, h: 2000 };
  const meets = (/** @type {Lying | typeof area} */ one) =>
    one.x <= area.x + area.w && area.x <= one.x + one.w && one.y <= area.y + area.h && area.y <= one.y + one.h;

  assert.deepEqual(
    find(area).filter((item) => meets(item)),
    items.filter((item) => meets(item)),
  );
  assert.ok(find(area).length < 200);
});

test("what covers the whole grid is always found", () => {
  const items = [
    { x: 0, y: 0, w: 10, h: 10 },
    { x: -1e6, y: 0, w: 2e6, h: 10 },
  ];

  assert.deepEqual(grid(items, (item) => item)({ x: 5e5, y: 0, w: 10, h: 10 }), [items[1]]);
});

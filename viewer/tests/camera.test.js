import assert from "node:assert/strict";
import { test } from "node:test";
import { between, bringing, centring, heightFor, held, opening, showing, shown, zoomed } from "../src/camera.js";

const SIZE = { w: 1000, h: 600 };

/**
 * Where a point of the scene is on the screen.
 * @param {import("../src/camera.js").Camera} camera
 * @param {number} x
 * @param {number} y
 */
function at({ x: left, y: top, k }, x, y) {
  return [left + k * x, top + k * y];
}

test("the point under the pointer stays there while it zooms", () => {
  const camera = { x: 10, y: 20, k: 0.5 };

  assert.deepEqual(at(zoomed(camera, 3, 110, 70), 200, 100), at(camera, 200, 100));
});

test("showing shows all, however large", () => {
  const camera = showing({ x: 0, y: 0, w: 50000, h: 900 }, SIZE);

  assert.ok(at(camera, 0, 0)[0] >= 0 && at(camera, 50000, 900)[0] <= SIZE.w);
});

test("a small picture is not blown up", () => {
  assert.equal(showing({ x: 0, y: 0, w: 10, h: 10 }, SIZE).k, 1.6);
});

test("a picture is shown whole as long as one can make it out", () => {
  const area = { x: 0, y: 0, w: 2000, h: 300 };

  assert.deepEqual(opening(area, SIZE, area), showing(area, SIZE));
  assert.ok(opening(area, SIZE, area).k < 0.5);
});

test("a wider picture begins at its left, in the middle of the height", () => {
  const area = { x: 0, y: 0, w: 50000, h: 100 };
  const camera = opening(area, SIZE, area);

  assert.equal(camera.k, 0.85);
  assert.deepEqual(at(camera, 0, 50), [24, 300]);
});

test("a picture wider and higher than the window begins where its first box is, never above its top", () => {
  const area = { x: 0, y: 0, w: 50000, h: 4000 };

  assert.deepEqual(opening(area, SIZE, { x: 0, y: 0, w: 100, h: 50 }), { k: 0.6, x: 24, y: 24 });
  assert.deepEqual(at(opening(area, SIZE, { x: 0, y: 1975, w: 100, h: 50 }), 0, 2000), [24, 300]);
});

test("a window as high as it should be has no empty ground", () => {
  assert.equal(heightFor({ w: 952, h: 100 }, 1000), 100 + 48);
  assert.equal(heightFor({ w: 100, h: 100 }, 1000), 160 + 48);
  assert.equal(heightFor({ w: 50000, h: 100 }, 1000), 85 + 48);
});

test("what is in the window already is not moved", () => {
  const camera = { x: 0, y: 0, k: 1 };

  assert.deepEqual(bringing(camera, { x: 100, y: 100, w: 200, h: 100 }, SIZE), camera);
});

test("what is beside the window comes in, no further than it must", () => {
  const camera = bringing({ x: 0, y: 0, k: 1 }, { x: 1200, y: 100, w: 200, h: 100 }, SIZE);

  assert.deepEqual(camera, { x: 1000 - 24 - 1400, y: 0, k: 1 });
});

test("what is revealed stands in the middle, large enough to be read", () => {
  const camera = centring({ x: 0, y: 0, k: 0.01 }, { x: 5000, y: 3000, w: 100, h: 50 }, SIZE);

  assert.deepEqual(at(camera, 5050, 3025).map(Math.round), [500, 300]);
  assert.equal(camera.k, 1);
});

test("the scene cannot be lost out of the window", () => {
  const camera = held({ x: 9999, y: -9999, k: 1 }, { w: 400, h: 300 }, SIZE);

  assert.ok(camera.x < SIZE.w && camera.y + 300 > 0);
});

test("the window in the coordinates of the scene, with what is around it", () => {
  assert.deepEqual(shown({ x: -100, y: 0, k: 2 }, SIZE, 0.5), { x: -200, y: -150, w: 1000, h: 600 });
});

test("a move begins and ends where it should, and holds the fixed point of a zoom", () => {
  const from = { x: 0, y: 0, k: 1 };
  const to = zoomed(from, 4, 300, 200);

  assert.deepEqual([between(from, to, 0), between(from, to, 1)], [from, to]);
  assert.deepEqual(at(between(from, to, 0.3), 300, 200).map(Math.round), [300, 200]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createScene, FOOT, GUTTER, HEADER } from "../src/scene.js";
import { madePart, numbers, openable } from "./made.js";

/** @typedef {import("../src/scene.js").PartPlace} PartPlace */
/** @typedef {import("../src/scene.js").Place} Place */

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

/**
 * A made part, and some of its boxes to open.
 * @param {number} seed
 */
function run(seed) {
  const random = numbers(seed);
  const root = madePart("p", random, { columns: 5, rows: 4, depth: 3 });
  const opened = new Set(openable(root).filter(() => random() < 0.7));
  return { root, opened };
}

/**
 * Every part that is laid out, the root first.
 * @param {PartPlace} part
 * @returns {PartPlace[]}
 */
function parts(part) {
  return [part, ...part.places.flatMap(({ inside }) => (inside ? parts(inside) : []))];
}

/**
 * Calls `claim` for every part of every made run.
 * @param {(part: PartPlace, seed: number) => void} claim
 */
function everywhere(claim) {
  for (const seed of SEEDS) {
    const { root, opened } = run(seed);
    for (const part of parts(createScene(root).layout(opened))) claim(part, seed);
  }
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function overlap(a, b) {
  return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 && b.y < a.y + a.h - 0.01;
}

test("boxes do not overlap, whatever is open", () => {
  everywhere(({ places }, seed) => {
    places.forEach((a, index) => {
      for (const b of places.slice(index + 1)) assert.ok(!overlap(a, b), `seed ${seed}: ${a.box.key} and ${b.box.key}`);
    });
  });
});

test("boxes lie in their part", () => {
  everywhere(({ part, places, w, h }, seed) => {
    for (const place of places) {
      const inside = place.x >= 0 && place.y >= 0 && place.x + place.w <= w + 0.01 && place.y + place.h <= h + 0.01;
      assert.ok(inside, `seed ${seed}: ${place.box.key} in ${part.key}`);
    }
  });
});

test("a closed box keeps its size", () => {
  everywhere(({ places }) => {
    for (const { box, w, h, inside } of places) if (!inside) assert.deepEqual([w, h], [box.w, box.h]);
  });
});

test("an opened box has room for its part, a header and gutters", () => {
  everywhere(({ places }) => {
    for (const { w, h, inside } of places) {
      if (inside) assert.ok(w >= inside.w + 2 * GUTTER && h >= inside.h + HEADER + FOOT);
    }
  });
});

test("every piece of a route is level or upright", () => {
  everywhere(({ places, routes }, seed) => {
    const lines = [...routes.map(({ points }) => points), ...places.flatMap(({ links }) => [...links.values()].flat())];
    for (const line of lines) {
      for (let index = 0; index + 1 < line.length; index++) {
        const [a, b] = [line[index], line[index + 1]];
        assert.ok(Math.abs(a[0] - b[0]) < 0.01 || Math.abs(a[1] - b[1]) < 0.01, `seed ${seed}: ${JSON.stringify(line)}`);
      }
    }
  });
});

test("arrows end on the borders of their boxes", () => {
  everywhere(({ places, routes }, seed) => {
    const byKey = new Map(places.map((place) => [place.box.key, place]));
    for (const { arrow, points } of routes) {
      for (const [key, point] of /** @type {const} */ ([
        [arrow.from, points[0]],
        [arrow.to, points[points.length - 1]],
      ])) {
        const place = byKey.get(key ?? "");
        if (!place) continue;
        const onSide = Math.min(Math.abs(point[0] - place.x), Math.abs(point[0] - place.x - place.w)) < 0.01;
        const within = point[1] >= place.y && point[1] <= place.y + place.h;
        assert.ok(onSide && within, `seed ${seed}: ${arrow.key} at ${key}`);
      }
    }
  });
});

test("a line in a gutter goes from the outer arrow's end to the inner arrow's", () => {
  let joined = 0;
  everywhere(({ places, routes }) => {
    for (const place of places) {
      for (const [arrow, lines] of place.links) {
        const inner = place.inside?.routes.find((route) => route.arrow === arrow);
        const ends = routes.flatMap(({ points }) => [points[0], points[points.length - 1]]);
        for (const line of lines) {
          const [outside, inside] = arrow.from ? [line[line.length - 1], line[0]] : [line[0], line[line.length - 1]];
          const border = [place.x + outside[0] + GUTTER, place.y + outside[1] + HEADER];
          assert.ok(ends.some((end) => Math.hypot(end[0] - border[0], end[1] - border[1]) < 0.01));
          assert.ok(inner?.points.some((point) => Math.abs(point[1] - inside[1]) < 0.01));
          joined++;
        }
      }
    }
  });
  assert.ok(joined > 100);
});

test("the arrow that comes in goes on at the same height", () => {
  const inner = {
    key: "i",
    w: 200,
    h: 300,
    boxes: [],
    arrows: [
      {
        key: "a",
        to: "",
        values: ["v"],
        points: [
          [0, 200],
          [200, 200],
        ],
      },
    ],
  };
  const box = { key: "m", kind: "module", x: 100, y: 0, w: 80, h: 40, inside: inner };
  const source = { key: "s", kind: "operation", x: 0, y: 5, w: 50, h: 30 };
  const arrow = {
    key: "b",
    from: "s",
    to: "m",
    values: ["v"],
    points: [
      [50, 20],
      [100, 20],
    ],
  };
  const root = /** @type {import("../src/types.js").Part} */ ({ key: "r", w: 180, h: 40, boxes: [source, box], arrows: [arrow] });
  const laid = createScene(root).layout(new Set(["m"]));

  const link = laid.places[1].links.values().next().value;
  assert.equal(link?.[0].length, 2);
  assert.equal(laid.routes[0].points.length, 2);
});

test("closing what was opened gives the first picture again", () => {
  const { root, opened } = run(3);
  const scene = createScene(root);
  const before = JSON.stringify(scene.layout(new Set()));
  scene.layout(opened);

  assert.equal(JSON.stringify(scene.layout(new Set())), before);
});

test("opening one by one gives the same places as opening at once", () => {
  const { root, opened } = run(5);
  const scene = createScene(root);
  const keys = [...opened];
  for (let count = 1; count <= keys.length; count++) scene.layout(new Set(keys.slice(0, count)));

  assert.deepEqual(scene.layout(opened), createScene(root).layout(opened));
});

test("a part that is not around the toggled box is not laid out again", () => {
  const { root, opened } = run(5);
  const scene = createScene(root);
  const laid = scene.layout(opened);
  const open = laid.places.filter(({ inside }) => inside);
  const toggled = new Set(opened);
  toggled.delete(open[0].box.key);
  const after = scene.layout(toggled);

  assert.ok(open.length > 1);
  assert.equal(after.places.find(({ box }) => box === open[1].box)?.inside, open[1].inside);
});

test("a key that no box has is passed over", () => {
  const { root } = run(1);

  assert.deepEqual(createScene(root).layout(new Set(["nobody"])), createScene(root).layout(new Set()));
});

test("a box is found with the boxes around it", () => {
  const { root } = run(5);
  const deep = openable(root).find((key) => key.split(".").length > 4) ?? "";

  assert.deepEqual(
    createScene(root)
      .find(deep)
      ?.around.map(({ key }) => key),
    [deep.split(".").slice(0, 3).join(".")],
  );
});

// Parts for tests: boxes in columns, arrows with right angles in the gaps between them, modules within modules.

/** @typedef {import("../src/types.js").Part} Part */
/** @typedef {import("../src/types.js").Box} Box */
/** @typedef {import("../src/types.js").Arrow} Arrow */

const GAP = 60;

/**
 * Numbers that look random and are the same in every run.
 * @param {number} seed
 * @returns {() => number}
 */
export function numbers(seed) {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return ((state ^ (state >>> 13)) >>> 0) / 4294967296;
  };
}

/**
 * A part of `columns` by at most `rows` boxes; those of them that are modules hold a part each, `depth` deep.
 * @param {string} key
 * @param {() => number} random
 * @param {{ columns: number, rows: number, depth: number }} size
 * @returns {Part}
 */
export function madePart(key, random, { columns, rows, depth }) {
  /** @type {Box[][]} */
  const grid = [];
  let x = 40;
  for (let column = 0; column < columns; column++) {
    const wide = 80 + Math.floor(random() * 100);
    const count = 1 + Math.floor(random() * rows);
    const boxes = Array.from({ length: count }, (_, row) => {
      const name = `${key}.${column}.${row}`;
      const h = 30 + Math.floor(random() * 40);
      const w = wide - Math.floor(random() * 30);
      const opens = depth > 0 && random() < 0.5;
      /** @type {Box} */
      const box = { key: name, kind: opens ? "module" : "operation", x, y: 20 + row * 110, w, h, rows: [], spoken: name };
      if (opens) box.inside = madePart(name, random, { columns: 1 + Math.floor(random() * 3), rows, depth: depth - 1 });
      return box;
    });
    grid.push(boxes);
    x += wide + GAP;
  }
  const w = x;
  const h = 40 + rows * 110;
  return { key, title: key, w, h, boxes: grid.flat(), arrows: madeArrows(key, grid, w, random) };
}

/**
 * Arrows from each box to one of the next column, and from border to border.
 * @param {string} key
 * @param {Box[][]} grid
 * @param {number} w
 * @param {() => number} random
 * @returns {Arrow[]}
 */
function madeArrows(key, grid, w, random) {
  /** @type {Arrow[]} */
  const arrows = [];
  const add = (
    /** @type {string} */ from,
    /** @type {string} */ to,
    /** @type {string[]} */ values,
    /** @type {[number, number][]} */ points,
  ) => arrows.push({ key: `${key}:${arrows.length}`, from, to, values, points, at: [(points[0][0] + points[1][0]) / 2, points[0][1] - 4] });
  const middle = (/** @type {Box} */ box) => box.y + 12 + Math.floor(random() * (box.h - 24));
  for (let column = 0; column + 1 < grid.length; column++) {
    const gap = Math.max(...grid[column].map((box) => box.x + box.w));
    grid[column].forEach((box, row) => {
      const next = grid[column + 1][Math.floor(random() * grid[column + 1].length)];
      const [from, to] = [middle(box), middle(next)];
      const turn = gap + 10 + row * 8;
      add(
        box.key,
        next.key,
        [`v${box.key}`],
        [
          [box.x + box.w, from],
          [turn, from],
          [turn, to],
          [next.x, to],
        ],
      );
    });
  }
  for (const box of grid[0])
    add(
      "",
      box.key,
      [`in${key}`],
      [
        [0, middle(box)],
        [box.x, arrows.length ? middle(box) : middle(box)],
      ],
    );
  for (const box of grid[grid.length - 1])
    add(
      box.key,
      "",
      [`out${key}`],
      [
        [box.x + box.w, middle(box)],
        [w, middle(box)],
      ],
    );
  for (const arrow of arrows) {
    if (arrow.points.length === 2) arrow.points[1][1] = arrow.points[0][1];
  }
  return connect(grid.flat(), arrows);
}

/**
 * Gives each arrow at a module a value that an arrow inside carries on.
 * @param {Box[]} boxes
 * @param {Arrow[]} arrows
 */
function connect(boxes, arrows) {
  const modules = new Map(boxes.filter(({ inside }) => inside).map((box) => [box.key, box]));
  for (const arrow of arrows) {
    if (modules.has(arrow.to ?? "")) arrow.values?.push(`in${arrow.to}`);
    if (modules.has(arrow.from ?? "")) arrow.values?.push(`out${arrow.from}`);
  }
  return arrows;
}

/**
 * The keys of all boxes of a part that can be opened.
 * @param {Part} part
 * @returns {string[]}
 */
export function openable(part) {
  return part.boxes.flatMap(({ key, inside }) => (inside ? [key, ...openable(inside)] : []));
}

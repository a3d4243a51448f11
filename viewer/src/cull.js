// What of a laid out scene is to be drawn: only what the window shows, and no more detail than can be seen. Pure.
import { GUTTER, HEADER } from "./scene.js";

/** @typedef {import("./scene.js").PartPlace} PartPlace */
/** @typedef {import("./scene.js").Place} Place */
/** @typedef {import("./scene.js").Route} Route */
/** @typedef {import("./routes.js").Point} Point */
/** @typedef {import("./routes.js").Rectangle} Rectangle */

/** @typedef {{ place: Place, x: number, y: number, depth: number, opened: boolean }} BoxItem */
/** @typedef {{ route: Route, lines: Point[][], x: number, y: number, depth: number, startJoined: boolean, endJoined: boolean }} ArrowItem */
/** @typedef {{ boxes: BoxItem[], arrows: ArrowItem[] }} Seen */

/** A part is drawn closed while its boxes would be smaller than this on the screen, in pixels. */
const GRAIN = 7;
/** No more boxes and arrows than this; where there are more, parts are closed sooner. */
const MOST = 1500;
/** Boxes and arrows smaller than this on the screen are left out. */
const SPECK = 1;
/** The side of a square of the grid, and how many boxes a part has before it gets one. */
const SQUARE = 1024;
const FEW = 64;
/** Half the width that a label may have. */
const LABEL = 100;

/**
 * What the window shows of the scene, outer boxes before inner ones.
 * @param {PartPlace} root
 * @param {Rectangle} area the window in the coordinates of the scene
 * @param {number} scale
 * @returns {Seen}
 */
export function visible(root, area, scale) {
  for (let grain = GRAIN; ; grain *= 1.5) {
    /** @type {Seen} */
    const seen = { boxes: [], arrows: [] };
    collect(root, { area, scale, grain, seen, x: 0, y: 0, depth: 0, links: new Map(), last: grain > 1000 });
    if (seen.boxes.length + seen.arrows.length <= MOST || grain > 1000) return seen;
  }
}

/**
 * @typedef {object} Look
 * @property {Rectangle} area
 * @property {number} scale
 * @property {number} grain
 * @property {Seen} seen
 * @property {number} x
 * @property {number} y
 * @property {number} depth
 * @property {Map<import("./types.js").Arrow, Point[][]>} links
 * @property {boolean} last
 */

/**
 * @param {PartPlace} part
 * @param {Look} look
 */
function collect(part, look) {
  const { area, scale, seen, depth, links, x, y } = look;
  const local = { x: area.x - x, y: area.y - y, w: area.w, h: area.h };
  const near = indexOf(part).query(local);
  for (const place of near.places) {
    if (!meets(place, local) || Math.max(place.w, place.h) * scale < SPECK) continue;
    if (!look.last && seen.boxes.length + seen.arrows.length > MOST) return;
    const opened = place.inside !== null && grainOf(place.inside) * scale >= look.grain;
    seen.boxes.push({ place, x: x + place.x, y: y + place.y, depth, opened });
    if (opened && place.inside) {
      const inner = { x: x + place.x + GUTTER, y: y + place.y + HEADER, depth: depth + 1, links: place.links };
      collect(place.inside, { ...look, ...inner });
    }
  }
  for (const route of near.routes) {
    const lines = links.get(route.arrow) ?? [];
    if (!meets(bounds(route), local) && !lines.length) continue;
    const joined = lines.length > 0;
    const startJoined = route.startJoined || (joined && !route.arrow.from);
    const endJoined = route.endJoined || (joined && !route.arrow.to);
    seen.arrows.push({ route, lines, x, y, depth, startJoined, endJoined });
  }
}

/**
 * @param {Rectangle} one
 * @param {Rectangle} other
 */
function meets(one, other) {
  return one.x <= other.x + other.w && other.x <= one.x + one.w && one.y <= other.y + other.h && other.y <= one.y + one.h;
}

/**
 * The same function, which works out its result once for each object.
 * @template {object} Key
 * @template Result
 * @param {(key: Key) => Result} work
 * @returns {(key: Key) => Result}
 */
function remembering(work) {
  /** @type {WeakMap<Key, { result: Result }>} */
  const known = new WeakMap();
  return (key) => {
    let entry = known.get(key);
    if (!entry) {
      entry = { result: work(key) };
      known.set(key, entry);
    }
    return entry.result;
  };
}

/** How large the boxes of a part are, as a rule. */
const grainOf = remembering((/** @type {PartPlace} */ { places, w, h }) => {
  const sides = places.map((place) => Math.min(place.w, place.h)).sort((a, b) => a - b);
  return sides.length ? sides[sides.length >> 1] : Math.min(w, h);
});

/** The rectangle around a route and its label. */
const bounds = remembering((/** @type {Route} */ { points, label }) => {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  if (label) {
    xs.push(label[0] - LABEL, label[0] + LABEL);
    ys.push(label[1] - 10, label[1] + 10);
  }
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, w: Math.max(...xs) - x, h: Math.max(...ys) - y };
});

/** Finds the places and routes of a part that may lie in a rectangle. */
const indexOf = remembering((/** @type {PartPlace} */ part) => {
  if (part.places.length <= FEW) return { query: () => part };
  const boxes = grid(part.places, (place) => place);
  const arrows = grid(part.routes, bounds);
  return { query: (/** @type {Rectangle} */ area) => ({ places: boxes(area), routes: arrows(area) }) };
});

/**
 * A grid of squares: gives the items whose squares a rectangle touches, in their order. What covers very many squares is always given.
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => Rectangle} rectangle
 * @returns {(area: Rectangle) => Item[]}
 */
export function grid(items, rectangle) {
  /** @type {Map<string, number[]>} */
  const squares = new Map();
  /** @type {number[]} */
  const large = [];
  items.forEach((item, index) => {
    const keys = touched(rectangle(item));
    if (!keys) large.push(index);
    for (const key of keys ?? []) {
      const there = squares.get(key);
      if (there) there.push(index);
      else squares.set(key, [index]);
    }
  });
  return (area) => {
    const keys = touched(area, squares.size);
    if (!keys) return items;
    const found = new Set([...large, ...keys.flatMap((key) => squares.get(key) ?? [])]);
    return [...found].sort((a, b) => a - b).map((index) => items[index]);
  };
}

/**
 * The squares that a rectangle touches; null if they are too many.
 * @param {Rectangle} rectangle
 * @param {number} most
 */
function touched({ x, y, w, h }, most = 64) {
  const [left, right] = [Math.floor(x / SQUARE), Math.floor((x + w) / SQUARE)];
  const [top, bottom] = [Math.floor(y / SQUARE), Math.floor((y + h) / SQUARE)];
  if ((right - left + 1) * (bottom - top + 1) > Math.max(most, 64)) return null;
  const keys = [];
  for (let row = top; row <= bottom; row++) for (let column = left; column <= right; column++) keys.push(`${column} ${row}`);
  return keys;
}

/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Arrow} Arrow */
/** @typedef {import("../types.js").Part} Part */

/**
 * Where everything of a picture is.
 * @typedef {object} Lookup
 * @property {ReadonlyMap<string, Box>} boxes all of them, the outer ones first
 * @property {(key: string) => Arrow | undefined} arrow
 * @property {(key: string) => string[]} before the boxes whose values go into this one
 * @property {(key: string) => string[]} after the boxes that this one's value goes into
 */

/**
 * The boxes and arrows of a picture by their keys, and their neighbours.
 * @param {Part} root
 * @returns {Lookup}
 */
export function lookup(root) {
  const parts = partsOf(root);
  const boxes = new Map(parts.flatMap((part) => part.boxes.map((box) => [box.key, box])));
  const arrows = once(() => new Map(parts.flatMap((part) => (part.arrows ?? []).map((arrow) => [arrow.key, arrow]))));
  const neighbours = once(() => linked(boxes, arrows()));
  return {
    boxes,
    arrow: (key) => (key ? arrows().get(key) : undefined),
    before: (key) => [...(neighbours().before.get(key) ?? [])],
    after: (key) => [...(neighbours().after.get(key) ?? [])],
  };
}

/**
 * The name of a box, as its title row says it.
 * @param {Box} box
 */
export function named(box) {
  const title = (box.rows?.[0]?.cells ?? []).map(([text]) => text).join("");
  return title || box.spoken || box.key;
}

/**
 * The name of a box alone, without the expression that its title gives behind it.
 * @param {Box} box
 */
export function shortly(box) {
  const [text, role] = box.rows?.[0]?.cells?.[0] ?? ["", ""];
  return (role === "name" && text) || named(box);
}

/**
 * The keys of the boxes that were written on each line of each file: `lines[file].get(line)`.
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {number} files
 */
export function byLine(boxes, files) {
  const lines = Array.from({ length: files }, () => /** @type {Map<number, string[]>} */ (new Map()));
  for (const { key, source } of boxes.values()) {
    const known = source ? lines[source[0]] : undefined;
    if (!source || !known) continue;
    const there = known.get(source[1]);
    if (there) there.push(key);
    else known.set(source[1], [key]);
  }
  return lines;
}

/**
 * A part and all parts inside of it.
 * @param {Part} root
 */
function partsOf(root) {
  const parts = [root];
  for (const part of parts) {
    for (const { inside } of part.boxes) if (inside) parts.push(inside);
  }
  return parts;
}

/**
 * The neighbours of every box. An arrow that comes in through the border of a part comes from the operation that its value names;
 * one that goes out goes to the boxes that take this value elsewhere.
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {ReadonlyMap<string, Arrow>} arrows
 */
function linked(boxes, arrows) {
  /** @type {Map<string, Set<string>>} */
  const before = new Map();
  /** @type {Map<string, Set<string>>} */
  const after = new Map();
  const takers = takersOf(boxes, arrows);
  const join = /** @param {string} from @param {string} to */ (from, to) => {
    add(after, from, to);
    add(before, to, from);
  };
  for (const { from, to, values } of arrows.values()) {
    if (from && to) join(from, to);
    else if (to) for (const value of values ?? []) if (boxes.has(maker(value))) join(maker(value), to);
    if (from && !to) for (const value of values ?? []) for (const taker of takers.get(value) ?? []) if (taker !== from) join(from, taker);
  }
  return { before, after };
}

/**
 * The operations, not the parts, that take each value.
 * @param {ReadonlyMap<string, Box>} boxes
 * @param {ReadonlyMap<string, Arrow>} arrows
 */
function takersOf(boxes, arrows) {
  /** @type {Map<string, Set<string>>} */
  const takers = new Map();
  for (const { to, values } of arrows.values()) {
    if (to && !boxes.get(to)?.inside) for (const value of values ?? []) add(takers, value, to);
  }
  return takers;
}

/**
 * The key of the operation that a value comes from: "s12" of "s12:0".
 * @param {string} value
 */
function maker(value) {
  return value.split(":")[0];
}

/**
 * @param {Map<string, Set<string>>} map
 * @param {string} key
 * @param {string} item
 */
function add(map, key, item) {
  const there = map.get(key);
  if (there) there.add(item);
  else map.set(key, new Set([item]));
}

/**
 * What the function gives, worked out when it is first asked for.
 * @template Result
 * @param {() => Result} work
 * @returns {() => Result}
 */
export function once(work) {
  /** @type {{ result: Result } | null} */
  let known = null;
  return () => {
    known ??= { result: work() };
    return known.result;
  };
}

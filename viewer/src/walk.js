// From box to box with the keyboard: along the arrows, through the borders of opened parts. Pure.
import { GUTTER, HEADER } from "./scene.js";

/** @typedef {import("./scene.js").PartPlace} PartPlace */
/** @typedef {import("./scene.js").Place} Place */
/** @typedef {import("./types.js").Arrow} Arrow */
/** @typedef {{ part: PartPlace, place: Place, around: { part: PartPlace, place: Place }[] }} Spot */

/**
 * Where a box lies in what is open, with the opened boxes around it, outermost first; null if a part around it is closed.
 * @param {PartPlace} root
 * @param {import("./types.js").Box[]} around
 * @param {string} key
 * @returns {Spot | null}
 */
export function spotOf(root, around, key) {
  /** @type {{ part: PartPlace, place: Place }[]} */
  const path = [];
  let part = root;
  for (const box of around) {
    const place = part.places.find((one) => one.box === box);
    if (!place?.inside) return null;
    path.push({ part, place });
    part = place.inside;
  }
  const place = part.places.find(({ box }) => box.key === key);
  return place ? { part, place, around: path } : null;
}

/**
 * The box that an arrow from this one leads to ("right"), or that one of its arrows comes from ("left"); "" if there is none.
 * @param {Spot} spot
 * @param {"left" | "right"} direction
 */
export function alongArrow({ part, place, around }, direction) {
  const right = direction === "right";
  if (right && place.inside) return first(place.inside);
  const arrows = leaving(part, place.box.key, right).sort(
    (one, two) => distance(part, place, one, right) - distance(part, place, two, right),
  );
  for (const arrow of arrows) {
    const key = followed(part, arrow, around, right);
    if (key) return key;
  }
  const parent = around[around.length - 1];
  return parent && !right ? parent.place.box.key : "";
}

/**
 * The arrows that leave a box on one side.
 * @param {PartPlace} part
 * @param {string} key
 * @param {boolean} right
 */
function leaving(part, key, right) {
  return part.routes.map(({ arrow }) => arrow).filter((arrow) => (right ? arrow.from : arrow.to) === key);
}

/**
 * How far up or down an arrow leads.
 * @param {PartPlace} part
 * @param {Place} place
 * @param {Arrow} arrow
 * @param {boolean} right
 */
function distance(part, place, arrow, right) {
  const other = part.places.find(({ box }) => box.key === (right ? arrow.to : arrow.from));
  return other ? Math.abs(other.y + other.h / 2 - place.y - place.h / 2) : 0;
}

/**
 * Where an arrow leads in the end: into opened parts, and out through borders.
 * @param {PartPlace} part
 * @param {Arrow} arrow
 * @param {{ part: PartPlace, place: Place }[]} around
 * @param {boolean} right
 * @returns {string}
 */
function followed(part, arrow, around, right) {
  const key = right ? arrow.to : arrow.from;
  if (key) {
    const place = part.places.find(({ box }) => box.key === key);
    return place?.inside ? into(place.inside, arrow, right) || key : key;
  }
  const parent = around[around.length - 1];
  if (!parent) return "";
  const outer = leaving(parent.part, parent.place.box.key, right).filter((one) => share(one, arrow));
  for (const one of outer) {
    const found = followed(parent.part, one, around.slice(0, -1), right);
    if (found) return found;
  }
  return "";
}

/**
 * The box inside of a part that takes what an arrow brings to its border.
 * @param {PartPlace} inside
 * @param {Arrow} arrow
 * @param {boolean} right
 * @returns {string}
 */
function into(inside, arrow, right) {
  const inner = inside.routes.map((route) => route.arrow).find((one) => !(right ? one.from : one.to) && share(one, arrow));
  return inner ? followed(inside, inner, [], right) : "";
}

/**
 * @param {Arrow} one
 * @param {Arrow} other
 */
function share(one, other) {
  return (one.values ?? []).some((value) => other.values?.includes(value));
}

/**
 * The nearest box above or below in the same part, in another column only if its middle is beyond this box; "" if there is none.
 * @param {Spot} spot
 * @param {"up" | "down"} direction
 */
export function beside({ part, place }, direction) {
  const sign = direction === "down" ? 1 : -1;
  const middle = (/** @type {Place} */ { y, h }) => y + h / 2;
  let best = { key: "", far: Number.POSITIVE_INFINITY };
  for (const other of part.places) {
    const down = (middle(other) - middle(place)) * sign;
    if (down <= 0 || other === place) continue;
    const across = Math.max(0, other.x - place.x - place.w, place.x - other.x - other.w);
    if (across > down && down <= place.h / 2) continue;
    const far = down + 3 * across;
    if (far < best.far) best = { key: other.box.key, far };
  }
  return best.key;
}

/**
 * The first box of a part, from the left and then from above.
 * @param {PartPlace} part
 */
export function first({ places }) {
  return outermost(places, (one, two) => one.x - two.x || one.y - two.y);
}

/**
 * The last box of a part.
 * @param {PartPlace} part
 */
export function last({ places }) {
  return outermost(places, (one, two) => two.x + two.w - one.x - one.w || one.y - two.y);
}

/**
 * @param {Place[]} places
 * @param {(one: Place, two: Place) => number} order
 */
function outermost(places, order) {
  return (
    places.reduce((best, place) => (best && order(best, place) <= 0 ? best : place), /** @type {Place | null} */ (null))?.box.key ?? ""
  );
}

/**
 * Where a box lies in the whole scene.
 * @param {Spot} spot
 * @returns {import("./routes.js").Rectangle}
 */
export function areaOf({ place, around }) {
  const x = around.reduce((sum, outer) => sum + outer.place.x + GUTTER, place.x);
  const y = around.reduce((sum, outer) => sum + outer.place.y + HEADER, place.y);
  return { x, y, w: place.w, h: place.h };
}

/**
 * A box as it is painted.
 * @param {Spot} spot
 * @returns {import("./cull.js").BoxItem}
 */
export function itemOf(spot) {
  const { x, y } = areaOf(spot);
  return { place: spot.place, x, y, depth: spot.around.length, opened: spot.place.inside !== null };
}

// What a box is called where there is no room for more than its name.
import geometry from "./geometry.json" with { type: "json" };

/** @typedef {import("./types.js").Box} Box */
/** @typedef {{ text: string, size: number }} Name */
/** @typedef {(text: string, size: number) => number} Ruler the width of a text in this size */

/** A name is set so large on the screen, in pixels, if its box is at least so wide and so high there. */
const READ = 9;
const WIDE = 30;
const HIGH = 8;
/** Smaller letters than this are none. */
const LEGIBLE = 5;
const REPEATED = /^(.*?)\.?\d+ … .* × (\d+)$/;

/**
 * The names of a box, the longest first: what its title begins with, then without the modules around it.
 * @param {Box} box
 * @returns {string[]}
 */
export function shortNames({ rows = [] }) {
  const cells = rows[0]?.cells ?? [];
  const named = cells[0]?.[1] === "name" ? cells[0][0] : cells.map(([text]) => text).join("");
  const [, block, count] = REPEATED.exec(named) ?? [];
  if (count) return [named, block ? `${block} × ${count}` : `× ${count}`];
  const names = [named];
  if (!/^[\p{L}\w.]+$/u.test(named)) return names;
  for (let rest = named; rest.includes("."); ) {
    rest = rest.slice(rest.indexOf(".") + 1);
    // the number of a layer alone does not say of which
    if (!/^\d*$/.test(rest)) names.push(rest);
  }
  return names;
}

/**
 * The name of a box as large as it fits, shortened where it could not be read otherwise; null where there is no room for letters.
 * @param {Box} box
 * @param {{ w: number, h: number }} room
 * @param {number} scale
 * @param {Ruler} widthOf
 * @returns {Name | null}
 */
export function nameIn(box, { w, h }, scale, widthOf) {
  const across = w - 2 * Math.min(geometry.padding, 3 / scale);
  const names = shortNames(box).filter(Boolean);
  const sizes = names.map((text) => Math.min(across / widthOf(text, 1), h / 2));
  const whole = sizes.findIndex((size) => size * scale >= READ);
  if (whole >= 0) return { text: names[whole], size: sizes[whole] };
  if (!names.length || h * scale < HIGH) return null;
  const least = READ / scale;
  const lying = names.find((text) => widthOf(text, least) <= across);
  if (lying) return { text: lying, size: least };
  const text = names[names.length - 1];
  if (w * scale >= WIDE) return { text: cutTo(text, across, least, widthOf), size: least };
  const size = across / widthOf(text, 1);
  return size * scale >= LEGIBLE ? { text, size } : null;
}

/**
 * As many of the first letters as there is room for, and ….
 * @param {string} text
 * @param {number} room
 * @param {number} size
 * @param {Ruler} widthOf
 */
function cutTo(text, room, size, widthOf) {
  const letters = [...text];
  while (letters.length > 1 && widthOf(`${letters.join("")}…`, size) > room) letters.pop();
  return `${letters.join("")}…`;
}

import { drawnCells } from "./blocks.js";
import { element } from "./elements.js";
import { linesOf } from "./moments.js";

/** @typedef {import("../types.js").Moment} Moment */
/** @typedef {import("../types.js").Cell} Cell */

const FEW = 60; // moments, all of which are measured so that nothing moves from one to the next
const LINE = 1.9; // rem
const LETTER = 9.5; // pixels

/**
 * What is told of a moment, in an area that keeps its height. What does not fit is set smaller, and scrolls if that is not enough.
 * @param {Moment[]} moments
 */
export function teller(moments) {
  const where = element("span", { class: "where" });
  const told = element("p", { class: "told" });
  const spoken = element("div", { "aria-live": "polite", "aria-atomic": "true" }, where, told);
  const panel = element("div", { class: "moment", role: "group", "aria-label": "What happens" }, spoken);
  const cells = (/** @type {number} */ moment) => moments[moment]?.told ?? [];
  let shown = 0;
  const settle = () => {
    for (const type of ["", "small", "smallest"]) {
      panel.dataset.type = type;
      fill(told, cells(shown));
      if (!overflows(panel)) break;
    }
    if (overflows(panel)) panel.tabIndex = 0;
    else panel.removeAttribute("tabindex");
  };
  const measure = () => {
    const lines = moments.length > FEW ? linesOf(moments, panel.clientWidth / LETTER) : 0;
    panel.style.height = lines ? `${lines * LINE}rem` : "";
    if (!lines) panel.style.height = `${highest(panel, moments.length, cells)}px`;
    settle();
  };
  let width = 0;
  new ResizeObserver(() => {
    if (panel.clientWidth === width) return;
    width = panel.clientWidth;
    measure();
  }).observe(panel);
  // the fonts inside of a page are there a moment later than the page
  document.fonts.addEventListener("loadingdone", measure);
  const show = (/** @type {number} */ moment, /** @type {string} */ words, /** @type {string} */ module) => {
    shown = moment;
    where.replaceChildren(words, ...(module ? [" ", element("span", { class: "layer", title: module }, module)] : []));
    panel.scrollTop = 0;
    settle();
  };
  return { element: panel, show };
}

/** @param {HTMLElement} panel */
function overflows(panel) {
  return panel.scrollHeight > panel.clientHeight;
}

/**
 * The height that the area has with all of its texts one on the other.
 * @param {HTMLElement} panel
 * @param {number} count
 * @param {(moment: number) => readonly Cell[]} cells
 */
function highest(panel, count, cells) {
  panel.dataset.type = "";
  const rooms = Array.from({ length: count }, () => element("p", { class: "told" }));
  const all = rooms.map((room) => element("div", { class: "room", "aria-hidden": "true" }, element("span", {}, "0"), room));
  panel.append(...all);
  for (const [number, room] of rooms.entries()) fill(room, cells(number));
  const height = panel.offsetHeight;
  for (const each of all) each.remove();
  return height;
}

/**
 * Writes a line; a formula that is longer than the line is written as text, which can be broken.
 * @param {HTMLElement} line
 * @param {readonly Cell[]} cells
 */
function fill(line, cells) {
  line.replaceChildren(drawnCells(cells));
  const room = line.clientWidth;
  const pieces = [...line.children].map((piece, number) => ({ math: piece.querySelector("math"), text: cells[number][0] }));
  const long = pieces.filter(({ math }) => room && math && Math.max(math.scrollWidth, math.getBoundingClientRect().width) > room + 1);
  for (const { math, text } of long) math?.replaceWith(text);
}

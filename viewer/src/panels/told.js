import { drawnCells } from "./blocks.js";
import { element } from "./elements.js";
import { linesOf } from "./moments.js";

/** @typedef {import("../types.js").Moment} Moment */
/** @typedef {import("../types.js").Cell} Cell */

const FEW = 60; // moments, all of which are measured so that nothing moves from one to the next

/**
 * What is told of a moment, in an area that keeps its height. What does not fit is set smaller, and scrolls if that is not enough.
 * @param {Moment[]} moments
 */
export function teller(moments) {
  const where = element("span", { class: "where" });
  const told = element("p", { class: "told" });
  const spoken = element("div", { "aria-live": "polite", "aria-atomic": "true" }, where, told);
  const few = moments.length <= FEW;
  const rooms = few ? moments.map(() => element("p", { class: "told" })) : [];
  const panel = element("div", { class: few ? "moment" : "moment many", role: "group", "aria-label": "What happens" }, spoken);
  panel.append(...rooms.map((room) => element("div", { class: "room", "aria-hidden": "true" }, element("span", {}, "0"), room)));
  panel.style.setProperty("--lines", String(linesOf(moments)));
  const cells = (/** @type {number} */ moment) => moments[moment]?.told ?? [];
  let shown = 0;
  const overflows = () => panel.scrollHeight > panel.clientHeight;
  const settle = () => {
    delete panel.dataset.type;
    for (const type of ["small", "smallest"]) if (overflows()) panel.dataset.type = type;
    if (overflows()) panel.tabIndex = 0;
    else panel.removeAttribute("tabindex");
  };
  const show = (/** @type {number} */ moment, /** @type {string} */ words) => {
    shown = moment;
    where.textContent = words;
    fill(told, cells(moment));
    panel.scrollTop = 0;
    if (!few) settle();
  };
  let width = 0;
  const resized = () => {
    if (panel.clientWidth === width) return;
    width = panel.clientWidth;
    for (const [number, room] of rooms.entries()) fill(room, cells(number));
    fill(told, cells(shown));
    settle();
  };
  new ResizeObserver(resized).observe(panel);
  // the fonts inside of a page are there a moment later than the page
  document.fonts.addEventListener("loadingdone", () => {
    width = 0;
    resized();
  });
  return { element: panel, show };
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
  const long = pieces.filter(({ math }) => room && math && math.getBoundingClientRect().width > room);
  for (const { math, text } of long) math?.replaceWith(text);
}

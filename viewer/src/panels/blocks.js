import { element } from "./elements.js";
import { formula } from "./mathml.js";

/** @typedef {import("../types.js").Cell} Cell */
/** @typedef {import("../types.js").Block} Block */
/** @typedef {import("./elements.js").Child} Child */

/** The shape before a verdict: nothing relies on colour alone. */
export const SHAPES = /** @type {Record<string, string>} */ ({ agrees: "✓", differs: "✗", "not compared": "○" });

/**
 * The class of a role, "role-not-compared".
 * @param {string} role
 */
export function roleClass(role) {
  return `role-${role.replaceAll(" ", "-")}`;
}

/**
 * One piece of text in the look of its role: mathematics where there is some, else the text; a verdict has its shape before it.
 * @param {Cell} cell
 */
export function drawnCell([text, role, mathml]) {
  const name = /** @type {Record<string, "code" | "strong">} */ ({ code: "code", loud: "strong" })[role] ?? "span";
  const shape = SHAPES[role] && element("span", { class: "shape", "aria-hidden": "true" }, SHAPES[role]);
  return element(name, { class: roleClass(role) }, shape, shape && " ", (mathml && formula(mathml)) || text);
}

/**
 * Pieces one behind the other.
 * @param {readonly Cell[]} cells
 */
export function drawnCells(cells) {
  const line = document.createDocumentFragment();
  line.append(...cells.map(drawnCell));
  return line;
}

/**
 * One block of a story as elements, made like those of the static story.
 * @param {Block} block
 * @returns {HTMLElement}
 */
export function drawnBlock(block) {
  switch (block.kind) {
    case "heading":
      return element(/** @type {"h3"} */ (`h${Math.min(Math.max(block.level, 2), 6)}`), {}, block.text);
    case "prose":
      return element("p", {}, drawnCells(block.cells));
    case "formula":
      return drawnFormula(block);
    case "table":
      return drawnTable(block);
    case "ledger":
      return drawnLedger(block);
  }
}

/**
 * A chain of equal expressions that breaks only before an "=", and what is to be remarked about it.
 * @param {import("../types.js").Formula} block
 */
function drawnFormula({ parts, remark }) {
  const chain = parts.flatMap((part, number) => [element("span", { class: "part" }, number > 0 && equals(), drawnCell(part)), " "]);
  const note = remark?.length ? element("div", { class: "remark" }, drawnCells(remark)) : null;
  return element("div", { class: "formula", tabindex: 0 }, ...chain, note);
}

/**
 * @returns {DocumentFragment}
 */
function equals() {
  const sign = document.createDocumentFragment();
  sign.append(element("span", { class: "equals" }, "="), " ");
  return sign;
}

/**
 * A table; without a header its rows are lines that may be broken.
 * @param {import("../types.js").Table} block
 */
function drawnTable({ columns, rows, caption }) {
  const counts = countsOf(rows, columns.length);
  const head =
    columns.some(Boolean) && element("thead", {}, element("tr", {}, ...columns.map((name, place) => drawnHeader(name, counts[place]))));
  const body = element("tbody", {}, ...rows.map((row) => drawnRow(row, counts)));
  return scrolling(element("table", { class: head ? "" : "lined" }, caption ? element("caption", {}, caption) : null, head, body));
}

/**
 * Amounts and their sum: what, how, and the number.
 * @param {import("../types.js").Ledger} block
 */
function drawnLedger({ title, rows, total }) {
  const parted = [...rows, total].map((row) => [row.slice(0, 1), row.slice(1)]);
  const counts = countsOf(parted, 2);
  const lines = parted.map((row) => drawnRow(row, counts));
  const foot = element("tfoot", {}, lines.pop());
  return scrolling(element("table", { class: "ledger" }, element("caption", {}, title), element("tbody", {}, ...lines), foot));
}

/**
 * What scrolls within itself where there is too little room; the keyboard reaches it.
 * @param {HTMLElement} content
 */
function scrolling(content) {
  return element("div", { class: "wide", tabindex: 0 }, content);
}

/**
 * How many pieces stand side by side in each column.
 * @param {readonly Cell[][][]} rows
 * @param {number} columns
 */
export function countsOf(rows, columns) {
  const whole = rows.filter((row) => row.length === columns);
  return Array.from({ length: columns }, (_, place) => whole.reduce((most, row) => Math.max(most, row[place].length), 1));
}

/**
 * @param {string} name
 * @param {number} count
 */
function drawnHeader(name, count) {
  return name ? element("th", { scope: count > 1 ? "colgroup" : "col", colspan: count }, name) : element("td", { colspan: count });
}

/**
 * A row, each piece in a place of its own so that the "=" of a column line up; one with a single cell goes across.
 * @param {Cell[][]} row
 * @param {readonly number[]} counts
 */
function drawnRow(row, counts) {
  if (row.length === 1 && counts.length > 1) {
    const all = counts.reduce((sum, count) => sum + count, 0);
    return element("tr", {}, element("td", { class: "across", colspan: all }, drawnCells(row[0])));
  }
  const single = counts.length === 1 && counts[0] === 1;
  return element("tr", {}, ...counts.flatMap((count, place) => drawnPieces(row[place] ?? [], count, place === 0 && !single)));
}

/**
 * @param {readonly Cell[]} pieces
 * @param {number} count
 * @param {boolean} names whether the first piece names the row
 */
function drawnPieces(pieces, count, names) {
  return Array.from({ length: count }, (_, place) => {
    const piece = pieces[place];
    if (!piece?.[0]) return element("td");
    if (place > 0) return element("td", { class: "equal" }, equals(), drawnCell(piece));
    return names ? element("th", { scope: "row" }, drawnCell(piece)) : element("td", {}, drawnCell(piece));
  });
}

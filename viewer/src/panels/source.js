import { choose } from "./choosing.js";
import { bringIntoView, button, element } from "./elements.js";
import { byLine } from "./lookup.js";
import { stretches } from "./stretches.js";

/** @typedef {import("../types.js").PageData} PageData */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("./lookup.js").Lookup} Lookup */
/** @typedef {{ keys: string[], row: HTMLElement, count: HTMLElement }} Line */

/**
 * The program's text. The lines that made a box are buttons; the selected box's line and that of the moment are marked.
 * Null if no program's text is known.
 * @param {PageData} data
 * @param {Lookup} known
 * @param {Store} store
 * @param {View} view
 * @returns {HTMLElement | null}
 */
export function source(data, known, store, view) {
  const files = data.sources ?? [];
  if (!files.length) return null;
  const used = byLine(known.boxes, files.length);
  /** @type {Map<string, Line>} */
  const lines = new Map();
  const click = /** @param {Line} line */ (line) => chooseNext(line, store, view);
  const panel = element("section", { id: "source", "aria-label": "The program" });
  panel.append(...files.flatMap((file, number) => drawnFile(file, number, used[number], lines, click)));
  roving(panel);
  const marks = marker(data, known, lines, panel);
  store.subscribe((state, before) => {
    if (state.selected !== before.selected || state.moment !== before.moment) marks(state, before);
  });
  marks(store.get(), null);
  requestAnimationFrame(() => {
    const first = panel.querySelector("li > button:not(.fold *)");
    if (first instanceof HTMLElement && !store.get().selected) bringIntoView(panel, first);
  });
  return panel;
}

/**
 * One file: its name and its lines; long stretches without a box are folded.
 * @param {import("../types.js").Source} file
 * @param {number} number
 * @param {Map<number, string[]>} used
 * @param {Map<string, Line>} lines
 * @param {(line: Line) => void} click
 */
function drawnFile({ name, first = 1, lines: texts }, number, used, lines, click) {
  const list = element("ol", { class: "lines", "aria-label": name });
  const rows = /** @param {{ from: number, to: number }} stretch */ ({ from, to }) =>
    texts.slice(from - first, to - first + 1).map((text, place) => {
      const line = drawnLine(text, from + place, used.get(from + place) ?? [], click);
      lines.set(`${number}:${from + place}`, line);
      return line.row;
    });
  for (const stretch of stretches(first, texts.length, [...used.keys()])) {
    list.append(...(stretch.folded ? [fold(stretch, () => rows(stretch))] : rows(stretch)));
  }
  return [element("h2", { title: name }, name), list];
}

/**
 * A line that stands for many, and unfolds them.
 * @param {{ from: number, to: number }} stretch
 * @param {() => HTMLElement[]} rows
 */
function fold({ from, to }, rows) {
  const row = element("li", { class: "fold" });
  const unfold = () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.replaceWith(...rows());
    next?.querySelector("button")?.focus({ preventScroll: true });
  };
  row.append(button(`⋯ lines ${from} to ${to}`, unfold, { tabindex: -1 }));
  return row;
}

/**
 * One line: its number, its text, and how many boxes it made if more than one.
 * @param {string} text
 * @param {number} at
 * @param {string[]} keys
 * @param {(line: Line) => void} click
 * @returns {Line}
 */
function drawnLine(text, at, keys, click) {
  const code = element("code", {}, text || " ");
  const count = element("span", { class: "count" }, keys.length > 1 && `× ${keys.length}`);
  const number = element("span", { class: "number", "aria-hidden": "true" }, String(at));
  const row = element("li", { value: at });
  const line = { keys, row, count };
  if (keys.length) {
    const boxes = keys.length === 1 ? "1 box" : `${keys.length} boxes`;
    const act = button(code, () => click(line), { tabindex: -1, "aria-label": `line ${at}, ${boxes}: ${text.trim()}` });
    act.prepend(number);
    act.append(count);
    row.append(act);
  } else {
    row.append(number, code);
  }
  return line;
}

/**
 * Selects a line's first box, or the one after the selected: clicking again goes through all of them.
 * @param {Line} line
 * @param {Store} store
 * @param {View} view
 */
function chooseNext({ keys, count }, store, view) {
  const place = (keys.indexOf(store.get().selected) + 1) % keys.length;
  choose(keys[place], store, view, { found: new Set(keys.length > 1 ? keys : []) });
  if (keys.length > 1) count.textContent = `${place + 1} of ${keys.length}`;
}

/**
 * Marks the line of the selected box and that of the moment, and brings the one that changed into view.
 * @param {PageData} data
 * @param {Lookup} known
 * @param {Map<string, Line>} lines
 * @param {HTMLElement} panel
 */
function marker({ moments, forward }, known, lines, panel) {
  /** @type {HTMLElement[]} */
  let marked = [];
  let walked = false; // what is told at the opening of a page is no step that was taken
  const lineOf = /** @param {string} key */ (key) => {
    const box = known.boxes.get(key) ?? known.boxes.get(known.arrow(key)?.to ?? "");
    return box?.source && lines.get(`${box.source[0]}:${box.source[1]}`)?.row;
  };
  return /** @param {State} state @param {State | null} before */ (state, before) => {
    for (const row of marked) {
      row.removeAttribute("aria-current");
      delete row.dataset.now;
    }
    const selected = lineOf(state.selected);
    walked ||= before !== null && state.moment !== before.moment;
    const now = walked ? lineOf(moments?.[state.moment]?.box ?? "") : undefined;
    if (now) now.dataset.now = state.moment <= (forward ?? 0) ? "forward" : "backward";
    selected?.setAttribute("aria-current", "true");
    marked = [selected, now].filter((row) => row !== undefined && row !== null);
    const changed = before && state.moment !== before.moment ? now : selected;
    if (changed) bringIntoView(panel, changed);
  };
}

/**
 * One stop of the tab key for all lines; the arrow keys, Home and End go from one to the next.
 * @param {HTMLElement} panel
 */
function roving(panel) {
  const stops = () => [...panel.querySelectorAll("button")];
  const [first] = stops();
  if (first) first.tabIndex = 0;
  panel.addEventListener("keydown", (event) => {
    const buttons = stops();
    const place = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (place < 0 || next === undefined || !buttons[next]) return;
    event.preventDefault();
    buttons[next].focus();
  });
  panel.addEventListener("focusin", ({ target }) => {
    for (const each of stops()) each.tabIndex = each === target ? 0 : -1;
  });
}

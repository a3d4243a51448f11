import { bringIntoView, button, element } from "./elements.js";
import { byLine } from "./lookup.js";

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
  const click = /** @param {Line} line */ (line) => choose(line, store, view);
  const panel = element("section", { id: "source", "aria-label": "The program" });
  panel.append(...files.flatMap((file, number) => drawnFile(file, number, used[number], lines, click)));
  roving(panel);
  const marks = marker(data, known, lines, panel);
  store.subscribe((state, before) => {
    if (state.selected !== before.selected || state.moment !== before.moment) marks(state, before);
  });
  marks(store.get(), null);
  return panel;
}

/**
 * One file: its name and its lines.
 * @param {import("../types.js").Source} file
 * @param {number} number
 * @param {Map<number, string[]>} used
 * @param {Map<string, Line>} lines
 * @param {(line: Line) => void} click
 */
function drawnFile(file, number, used, lines, click) {
  const first = file.first ?? 1;
  const list = element("ol", { class: "lines", "aria-label": file.name });
  list.append(
    ...file.lines.map((text, place) => {
      const at = first + place;
      const line = drawnLine(text, at, used.get(at) ?? [], click);
      lines.set(`${number}:${at}`, line);
      return line.row;
    }),
  );
  return [element("h2", { title: file.name }, file.name), list];
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
function choose({ keys, count }, store, view) {
  const place = (keys.indexOf(store.get().selected) + 1) % keys.length;
  store.set({ selected: keys[place], found: new Set(keys.length > 1 ? keys : []) });
  view.reveal(keys[place]);
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
  const lineOf = /** @param {string | undefined} key */ (key) => {
    const place = known.boxes.get(key ?? "")?.source ?? known.boxes.get(known.arrows.get(key ?? "")?.to ?? "")?.source;
    return place && lines.get(`${place[0]}:${place[1]}`)?.row;
  };
  return /** @param {State} state @param {State | null} before */ (state, before) => {
    for (const row of marked) {
      row.removeAttribute("aria-current");
      delete row.dataset.now;
    }
    const selected = lineOf(state.selected);
    const now = lineOf(moments?.[state.moment]?.box);
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
  const buttons = [...panel.querySelectorAll("button")];
  if (buttons[0]) buttons[0].tabIndex = 0;
  panel.addEventListener("keydown", (event) => {
    const place = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (place < 0 || next === undefined || !buttons[next]) return;
    event.preventDefault();
    buttons[next].focus();
  });
  panel.addEventListener("focusin", (event) => {
    if (!(event.target instanceof HTMLButtonElement)) return;
    for (const each of buttons) if (each.tabIndex === 0) each.tabIndex = -1;
    event.target.tabIndex = 0;
  });
}

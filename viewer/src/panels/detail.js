import { drawnBlock, drawnCells, SHAPES } from "./blocks.js";
import { choose } from "./choosing.js";
import { button, element } from "./elements.js";
import { invitation } from "./invitation.js";
import { named, shortly } from "./lookup.js";
import { awaited } from "./moments.js";

/** @typedef {import("../types.js").PageData} PageData */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Arrow} Arrow */
/** @typedef {import("../types.js").Block} Block */
/** @typedef {import("../types.js").State} State */
/** @typedef {{ data: PageData, known: import("./lookup.js").Lookup, store: Store, view: View }} Around */

const MOST = 12; // neighbours shown at once

/**
 * What is selected, in full: a value with its formulas, a contribution, or a part that can be opened.
 * @param {PageData} data
 * @param {import("./lookup.js").Lookup} known
 * @param {Store} store
 * @param {View} view
 */
export function detail(data, known, store, view) {
  const around = { data, known, store, view };
  const panel = element("section", { id: "detail", "aria-label": "What is selected" });
  const show = () => {
    panel.replaceChildren(...selection(around));
    panel.scrollTop = 0;
  };
  const waits = /** @param {State} state */ ({ selected, moment }) => {
    const chosen = known.boxes.get(selected) ?? known.arrow(selected);
    return chosen ? awaited(chosen, moment) : "";
  };
  store.subscribe((state, before) => {
    const other = state.selected !== before.selected || state.heat !== before.heat || waits(state) !== waits(before);
    if (other || state.opened.has(state.selected) !== before.opened.has(state.selected)) show();
  });
  show();
  return panel;
}

/**
 * @param {Around} around
 * @returns {Node[]}
 */
function selection(around) {
  const { data, known, store } = around;
  const { selected } = store.get();
  const box = known.boxes.get(selected);
  if (box) return ofBox(box, around);
  const arrow = known.arrow(selected);
  return arrow ? ofArrow(arrow, around) : [invitation(data)];
}

/**
 * @param {Box} box
 * @param {Around} around
 * @returns {Node[]}
 */
function ofBox(box, around) {
  const { data, known, store, view } = around;
  const blocks = data.details?.[box.about ?? ""] ?? [];
  const title = drawnCells(box.rows?.[0]?.cells ?? [[named(box), "plain"]]);
  const waits = awaited(box, store.get().moment);
  const actions = element("div", { class: "actions" }, box.inside && opener(box.key, store), finder(box.key, view));
  return [
    element("h2", {}, title, waits ? null : verdict(box.verdict)),
    origin(box, data, blocks.length > 0),
    actions,
    ...(waits ? waiting(box, waits, store) : [...hot(box, around), ...told(blocks, box.spoken)]),
    ...neighbours("From", known.before(box.key), around),
    ...neighbours("To", known.after(box.key), around),
  ];
}

/**
 * @param {Arrow} arrow
 * @param {Around} around
 * @returns {Node[]}
 */
function ofArrow(arrow, around) {
  const { data, known, store, view } = around;
  const ends = [arrow.from, arrow.to].map((key) => known.boxes.get(key ?? ""));
  const names = ends.map((box) => (box ? shortly(box) : "outside")).join(" → ");
  const blocks = data.details?.[arrow.about ?? ""] ?? [];
  const label = arrow.label?.length && !blocks.length ? [element("p", {}, drawnCells(arrow.label))] : [];
  const waits = awaited(arrow, store.get().moment);
  return [
    element("h2", {}, blocks[0]?.kind === "heading" ? blocks[0].text : names, waits ? null : verdict(arrow.verdict)),
    element("div", { class: "actions" }, finder(arrow.key, view)),
    ...(waits ? waiting(arrow, waits, store) : [...label, ...told(blocks, arrow.flows ? "" : "No gradient goes back along this arrow.")]),
    ...neighbours("From", arrow.from ? [arrow.from] : [], around),
    ...neighbours("To", arrow.to ? [arrow.to] : [], around),
  ];
}

/**
 * What stands for numbers that the walk has not come to: of a value that is there already it is shown.
 * @param {Box | Arrow} chosen
 * @param {"value" | "gradient"} waits
 * @param {Store} store
 */
function waiting(chosen, waits, store) {
  const rows = "rows" in chosen ? (chosen.rows ?? []).filter(({ shows, cells }) => shows === "forward" && cells?.length) : [];
  const value = waits === "gradient" ? rows.map(({ cells }) => element("p", {}, drawnCells(cells ?? []))) : [];
  const moment = chosen.backward || chosen.forward || 0;
  const go = button("Go to that step", () => store.set({ moment }));
  return [...value, element("p", { class: "hint" }, `Its ${waits} is not computed yet at this step.`), element("p", {}, go)];
}

/**
 * The number that the box is coloured by.
 * @param {Box} box
 * @param {Around} around
 */
function hot({ key }, { data, store }) {
  const heat = data.heats?.[store.get().heat];
  return heat?.texts[key] ? [element("p", {}, `${heat.name}: ${heat.texts[key]}`)] : [];
}

/**
 * The blocks below the panel's own heading, or the sentence that stands for them.
 * @param {readonly Block[]} blocks
 * @param {string} [otherwise]
 */
function told(blocks, otherwise) {
  const rest = blocks[0]?.kind === "heading" ? blocks.slice(1) : blocks;
  if (rest.length) return rest.map(drawnBlock);
  return otherwise ? [element("p", {}, otherwise)] : [];
}

/**
 * The shape and word of a verdict.
 * @param {string} [word]
 */
function verdict(word) {
  if (!word) return null;
  const known = SHAPES[word] ? word : "not compared";
  return element("span", { class: `verdict role-${known.replaceAll(" ", "-")}` }, `${SHAPES[known]} ${word}`);
}

/**
 * Where a box comes from: module and line, and the operation if nothing else tells of it.
 * @param {Box} box
 * @param {PageData} data
 * @param {boolean} isTold
 */
function origin({ op, module, source }, data, isTold) {
  const file = source && data.sources?.[source[0]];
  const parts = [isTold ? "" : op, module, file && source ? `${file.name}, line ${source[1]}` : ""].filter(Boolean);
  return element("p", { class: "origin" }, parts.join(" · "));
}

/**
 * @param {string} key
 * @param {Store} store
 */
function opener(key, store) {
  const { opened } = store.get();
  const toggle = () => {
    const changed = new Set(store.get().opened);
    if (!changed.delete(key)) changed.add(key);
    store.set({ opened: changed });
  };
  return button(opened.has(key) ? "Close" : "Open", toggle, { "aria-expanded": String(opened.has(key)) });
}

/**
 * @param {string} key
 * @param {View} view
 */
function finder(key, view) {
  return button("Show in picture", () => view.reveal(key));
}

/**
 * The boxes before or after, each as a button that selects it.
 * @param {string} title
 * @param {string[]} keys
 * @param {Around} around
 */
function neighbours(title, keys, { known, store, view }) {
  const boxes = keys.flatMap((key) => known.boxes.get(key) ?? []);
  if (!boxes.length) return [];
  const link = /** @param {Box} box */ (box) =>
    button(shortly(box), () => choose(box.key, store, view), { class: "link", title: named(box) });
  const more = boxes.length > MOST && element("li", { class: "hint" }, `and ${boxes.length - MOST} more`);
  const list = element("ul", {}, ...boxes.slice(0, MOST).map((box) => element("li", {}, link(box))), more);
  return [element("div", { class: "neighbours" }, element("h3", {}, title), list)];
}

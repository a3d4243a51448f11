import { drawnBlock, drawnCells, SHAPES } from "./blocks.js";
import { button, element } from "./elements.js";
import { named } from "./lookup.js";

/** @typedef {import("../types.js").PageData} PageData */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Arrow} Arrow */
/** @typedef {import("../types.js").Block} Block */
/** @typedef {import("./lookup.js").Lookup} Lookup */

const MOST = 12; // neighbours shown at once

/**
 * What is selected, in full: a value with its formulas, a contribution, or a part that can be opened.
 * @param {PageData} data
 * @param {Lookup} known
 * @param {Store} store
 * @param {View} view
 */
export function detail(data, known, store, view) {
  const content = element("div", { class: "content" });
  const panel = element("section", { id: "detail", "aria-label": "What is selected", "aria-live": "polite" }, content);
  const show = () => {
    const { selected } = store.get();
    const box = known.boxes.get(selected);
    const arrow = known.arrows.get(selected);
    if (box) content.replaceChildren(...ofBox(box, data, known, store, view));
    else if (arrow) content.replaceChildren(...ofArrow(arrow, data, known, store, view));
    else content.replaceChildren(invitation(data));
    panel.scrollTop = 0;
  };
  store.subscribe((state, before) => {
    if (state.selected !== before.selected || state.heat !== before.heat || toggled(state, before)) show();
  });
  show();
  return panel;
}

/**
 * Whether the selected part was opened or closed.
 * @param {import("../types.js").State} state
 * @param {import("../types.js").State} before
 */
function toggled(state, before) {
  return state.opened.has(state.selected) !== before.opened.has(state.selected);
}

/**
 * @param {PageData} data
 */
function invitation({ sources }) {
  const places = sources?.length ? "a box, an arrow or a line of the program" : "a box or an arrow";
  return element("p", { class: "hint" }, `Click ${places} to see how its numbers come about.`);
}

/**
 * @param {Box} box
 * @param {PageData} data
 * @param {Lookup} known
 * @param {Store} store
 * @param {View} view
 * @returns {Node[]}
 */
function ofBox(box, data, known, store, view) {
  const blocks = data.details?.[box.about ?? ""] ?? [];
  const title = drawnCells(box.rows?.[0]?.cells ?? [[named(box), "plain"]]);
  const actions = element("div", { class: "actions" }, box.inside && opener(box.key, store), finder(box.key, view));
  const heat = data.heats?.[store.get().heat];
  const hot = heat?.texts[box.key];
  return [
    element("h2", {}, title, verdict(box.verdict)),
    origin(box, data),
    actions,
    ...(heat && hot ? [element("p", { class: "hot" }, `${heat.name}: ${hot}`)] : []),
    ...told(blocks, box.spoken),
    ...neighbours("From", known.before(box.key), known, store, view),
    ...neighbours("To", known.after(box.key), known, store, view),
  ];
}

/**
 * @param {Arrow} arrow
 * @param {PageData} data
 * @param {Lookup} known
 * @param {Store} store
 * @param {View} view
 * @returns {Node[]}
 */
function ofArrow(arrow, data, known, store, view) {
  const ends = [arrow.from, arrow.to].map((key) => known.boxes.get(key ?? ""));
  const names = ends.map((box) => (box ? named(box) : "outside"));
  const blocks = data.details?.[arrow.about ?? ""] ?? [];
  const none = arrow.flows === false ? "No gradient goes back along this arrow." : "";
  return [
    element("h2", {}, `${names[0]} → ${names[1]}`, verdict(arrow.verdict)),
    element("div", { class: "actions" }, finder(arrow.key, view)),
    ...(arrow.label?.length ? [element("p", { class: "contribution" }, drawnCells(arrow.label))] : []),
    ...told(blocks, none),
    ...neighbours("From", arrow.from ? [arrow.from] : [], known, store, view),
    ...neighbours("To", arrow.to ? [arrow.to] : [], known, store, view),
  ];
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
 * Where a box comes from: operation, module, line.
 * @param {Box} box
 * @param {PageData} data
 */
function origin({ op, module, source }, data) {
  const file = source && data.sources?.[source[0]];
  const parts = [op, module, file && source ? `${file.name}, line ${source[1]}` : ""].filter(Boolean);
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
 * @param {Lookup} known
 * @param {Store} store
 * @param {View} view
 */
function neighbours(title, keys, known, store, view) {
  const boxes = keys.flatMap((key) => known.boxes.get(key) ?? []);
  if (!boxes.length) return [];
  const link = /** @param {Box} box */ (box) =>
    button(
      named(box),
      () => {
        store.set({ selected: box.key });
        view.reveal(box.key);
      },
      { class: "link" },
    );
  const more = boxes.length > MOST && element("li", { class: "hint" }, `and ${boxes.length - MOST} more`);
  const list = element("ul", {}, ...boxes.slice(0, MOST).map((box) => element("li", {}, link(box))), more);
  return [element("div", { class: "neighbours" }, element("h3", {}, title), list)];
}

import { choose } from "./choosing.js";
import { element, typesText } from "./elements.js";
import { counted, entriesOf, matching } from "./matching.js";

/** @typedef {import("../types.js").PageData} PageData */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("./matching.js").Entry} Entry */

const MOST = 60; // results listed at once
const SLICE = 1000; // boxes made ready for the search at once

/**
 * The search: a field, the number of boxes found, and the list of them.
 * @param {PageData} data
 * @param {import("./lookup.js").Lookup} known
 * @param {Store} store
 * @param {View} view
 */
export function search(data, known, store, view) {
  const all = gathered([...known.boxes.values()], entriesOf(data.sources ?? [], data.heats));
  const field = element("input", {
    type: "search",
    id: "search-field",
    role: "combobox",
    placeholder: "name, line:12, verdict:differs",
    autocomplete: "off",
    spellcheck: "false",
    "aria-expanded": "false",
    "aria-controls": "search-results",
    "aria-autocomplete": "list",
    "aria-keyshortcuts": "/",
  });
  const count = element("span", { class: "found-count", role: "status" });
  const list = element("ul", { id: "search-results", role: "listbox", "aria-label": "Boxes found", hidden: true });
  const panel = element("div", { id: "search", role: "search" }, element("label", { for: "search-field" }, "Search"), field, count, list);
  const results = chooser(field, list, (key) => choose(key, store, view));
  field.addEventListener("input", () => {
    const found = matching(all(), field.value);
    store.set({ found: new Set(found.map(({ key }) => key)) });
    count.textContent = counted(found.length, field.value);
    results.show(found);
  });
  panel.addEventListener("focusout", (event) => {
    if (!panel.contains(/** @type {Node | null} */ (event.relatedTarget))) results.close();
  });
  shortcut(field);
  return panel;
}

/**
 * What is made of each item: a slice at a time while nobody asks, the rest when it is asked for.
 * @template Item, Made
 * @param {readonly Item[]} items
 * @param {(item: Item) => Made} make
 * @returns {() => readonly Made[]}
 */
function gathered(items, make) {
  /** @type {Made[]} */
  const all = [];
  const upTo = /** @param {number} count */ (count) => {
    while (all.length < Math.min(count, items.length)) all.push(make(items[all.length]));
  };
  const slice = () => {
    upTo(all.length + SLICE);
    if (all.length < items.length) setTimeout(slice, 20);
  };
  setTimeout(slice, 500);
  return () => {
    upTo(items.length);
    return all;
  };
}

/**
 * The list under the field: the arrow keys go through it, Enter or a click chooses, Escape closes it.
 * @param {HTMLInputElement} field
 * @param {HTMLElement} list
 * @param {(key: string) => void} act
 */
function chooser(field, list, act) {
  /** @type {Entry[]} */
  let shown = [];
  let place = -1;
  const mark = /** @param {number} next */ (next) => {
    list.children[place]?.setAttribute("aria-selected", "false");
    place = next;
    const option = list.children[place];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  };
  const open = /** @param {boolean} wanted */ (wanted) => {
    list.hidden = !wanted;
    field.setAttribute("aria-expanded", String(wanted));
  };
  const take = /** @param {number} number */ (number) => {
    if (!shown[number]) return;
    mark(number);
    open(false);
    act(shown[number].key);
  };
  field.addEventListener("keydown", (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (moves && shown.length) {
      open(true);
      mark((place + moves + (place < 0 && moves < 0 ? 1 : 0) + shown.length) % shown.length);
    } else if (event.key === "Enter") take(Math.max(place, 0));
    else if (event.key === "Escape" && !list.hidden) open(false);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target instanceof Element ? event.target.closest("[role=option]") : null;
    if (option) take([...list.children].indexOf(option));
  });
  return {
    close: () => open(false),
    show: /** @param {Entry[]} found */ (found) => {
      shown = found.slice(0, MOST);
      place = -1;
      field.removeAttribute("aria-activedescendant");
      list.replaceChildren(...shown.map(drawnEntry));
      open(shown.length > 0);
    },
  };
}

/**
 * @param {Entry} entry
 * @param {number} number
 */
function drawnEntry({ name, note }, number) {
  const parts = [element("span", { class: "name" }, name), " ", element("span", { class: "note" }, note)];
  return element("li", { id: `search-result-${number}`, role: "option", "aria-selected": "false" }, ...parts);
}

/**
 * "/" leads to the field from anywhere but where text is typed.
 * @param {HTMLInputElement} field
 */
function shortcut(field) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typesText(event.target)) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

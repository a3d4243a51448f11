import { heatScale } from "../heat.js";
import { choose } from "./choosing.js";
import { button, element } from "./elements.js";

/** @typedef {import("../types.js").PageData} PageData */
/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").View} View */

/**
 * The choice of colouring, its legend, and the way to the worst box. Null if there is nothing to colour by.
 * @param {PageData} data
 * @param {Store} store
 * @param {View} view
 * @returns {HTMLElement | null}
 */
export function heat(data, store, view) {
  const heats = data.heats ?? [];
  if (!heats.length) return null;
  const choice = element("select", { id: "heat-choice" }, element("option", { value: "-1" }, "nothing"));
  choice.append(...heats.map(({ name }, number) => element("option", { value: number }, name)));
  choice.addEventListener("change", () => store.set({ heat: Number(choice.value) }));
  const legend = element("div", { class: "legend", hidden: true });
  const show = () => {
    const number = store.get().heat;
    choice.value = String(number);
    legend.hidden = number < 0;
    legend.replaceChildren(...(heats[number] ? drawnLegend(heats[number], store, view) : []));
  };
  store.subscribe((state, before) => state.heat !== before.heat && show());
  show();
  return element("div", { id: "heat" }, element("label", { for: "heat-choice" }, "Colour by"), choice, legend);
}

/**
 * The five steps with the numbers they stand for, and the button to the worst box.
 * @param {import("../types.js").Heat} chosen
 * @param {Store} store
 * @param {View} view
 */
function drawnLegend(chosen, store, view) {
  const items = heatScale(chosen).ranges.flatMap(({ low, high, count }, step) => (count ? [drawnRange(low, high, step)] : []));
  const list = element("ul", { "aria-label": `Colours of ${chosen.name}, from the smallest to the largest` }, ...items);
  const { worst } = chosen;
  if (!worst) return [list];
  return [list, button("Jump to the worst", () => choose(worst, store, view))];
}

/**
 * @param {string} low
 * @param {string} high
 * @param {number} step
 */
function drawnRange(low, high, step) {
  return element("li", { class: `heat-${step}` }, low === high ? low : `${low} … ${high}`);
}

import { load, stayStatic } from "./load.js";
import { detail } from "./panels/detail.js";
import { element } from "./panels/elements.js";
import { heat } from "./panels/heat.js";
import { lookup } from "./panels/lookup.js";
import { search } from "./panels/search.js";
import { source } from "./panels/source.js";
import { stepper } from "./panels/stepper.js";
import { createStore } from "./store.js";
import { createView } from "./view.js";

/** @typedef {import("./types.js").PageData} PageData */

/**
 * Puts the live picture and its panels in the place of the static picture, which stays for print. If anything fails, all is as before.
 * @param {HTMLElement} page
 * @param {HTMLElement} section
 * @param {PageData} data
 */
function mount(page, section, data) {
  const still = element("div", { class: "still" });
  const live = element("div", { class: "live" });
  const added = [live];
  still.append(...section.childNodes);
  section.append(still, live);
  page.classList.add("live");
  try {
    added.push(...surround(section, live, data));
  } catch (problem) {
    page.classList.remove("live");
    for (const each of added) each.remove();
    still.replaceWith(...still.childNodes);
    throw problem;
  }
}

/**
 * The view in its place and the panels around it.
 * @param {HTMLElement} section
 * @param {HTMLElement} live
 * @param {PageData} data
 * @returns {HTMLElement[]} the panels
 */
function surround(section, live, data) {
  const moments = data.moments ?? [];
  const store = createStore({ moment: Math.max(moments.length - 1, 0) });
  const known = lookup(data.root);
  const flat = data.root.boxes.every((box) => !box.inside);
  section.classList.toggle("flat", flat);
  live.style.setProperty("--ratio", String(data.root.w / data.root.h));
  const view = createView(live, data, store);
  const steps = stepper(moments, data.forward ?? 0, store);
  const text = source(data, known, store, view);
  const tools = element("div", { id: "tools" }, search(data, known, store, view), heat(data, store, view));
  const side = element("div", { id: "side", class: text ? "" : "no-source" }, tools, text, detail(data, known, store, view));
  const panels = steps ? [steps, side] : [side];
  section.after(...panels);
  view.fit();
  return panels;
}

async function start() {
  const page = document.getElementById("byhand");
  const section = document.getElementById("picture");
  if (!page || !section) return;
  try {
    mount(page, section, await load(document.getElementById("byhand-data")));
  } catch (problem) {
    stayStatic(section, problem);
  }
}

start();

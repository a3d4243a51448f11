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

const BROAD = 2.4; // times as wide as high

/**
 * Puts the live picture and its panels in the place of the static picture. If anything fails, all is as before.
 * @param {HTMLElement} page
 * @param {HTMLElement} section
 * @param {PageData} data
 */
function mount(page, section, data) {
  const still = element("div", { class: "still" });
  const stage = element("div", { class: "stage" });
  const shape = shapeOf(data.root);
  still.append(...section.childNodes);
  section.append(stage);
  page.classList.add("live", shape);
  try {
    section.after(...surround(stage, data));
    print(section, still);
  } catch (problem) {
    page.classList.remove("live", shape);
    section.replaceChildren(...still.childNodes);
    throw problem;
  }
}

/**
 * Paper gets the static picture, which is always whole.
 * @param {HTMLElement} section
 * @param {HTMLElement} still
 */
function print(section, still) {
  const paper = matchMedia("print");
  const lay = () => section.append(still);
  const clear = () => still.remove();
  addEventListener("beforeprint", lay);
  addEventListener("afterprint", clear);
  paper.addEventListener("change", () => (paper.matches ? lay() : clear()));
}

/**
 * How the page is laid out around a picture: "deep" where parts open, "broad" above everything, "flat" beside the panels.
 * @param {import("./types.js").Part} root
 */
function shapeOf({ boxes, w, h }) {
  if (boxes.some((box) => box.inside)) return "deep";
  return w > BROAD * h ? "broad" : "flat";
}

/**
 * The view in its place, and the panels that belong around it.
 * @param {HTMLElement} stage
 * @param {PageData} data
 * @returns {HTMLElement[]} the panels
 */
function surround(stage, data) {
  const moments = data.moments ?? [];
  const store = createStore({ moment: Math.max(moments.length - 1, 0) });
  const known = lookup(data.root);
  stage.style.setProperty("--height", String(data.root.h));
  stage.style.setProperty("--ratio", String(data.root.w / data.root.h));
  const view = createView(stage, data, store);
  const text = source(data, known, store, view);
  const tools = element("div", { id: "tools" }, search(data, known, store, view), heat(data, store, view));
  const side = element("div", { id: "side", class: text ? "" : "no-source" }, tools, text, detail(data, known, store, view));
  const steps = stepper(moments, data.forward ?? 0, store);
  const placed = new ResizeObserver(() => {
    placed.disconnect();
    view.fit();
  });
  placed.observe(view.element);
  return steps ? [steps, side] : [side];
}

/**
 * The story below, folded, where there is no room for it.
 */
function foldStory() {
  const story = document.getElementById("story");
  const fold = element("details", {}, element("summary", {}, "The whole story"));
  story?.replaceWith(fold);
  fold.append(story ?? "");
}

async function start() {
  const page = document.getElementById("byhand");
  const section = document.getElementById("picture");
  if (!page || !section) return;
  try {
    mount(page, section, await load(document.getElementById("byhand-data")));
    if (document.body.classList.contains("frame")) foldStory();
  } catch (problem) {
    stayStatic(section, problem);
  }
}

start();

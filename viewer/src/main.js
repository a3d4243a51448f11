import { heightFor } from "./camera.js";
import { load, stayStatic } from "./load.js";
import { detail } from "./panels/detail.js";
import { element } from "./panels/elements.js";
import { heat } from "./panels/heat.js";
import { lookup } from "./panels/lookup.js";
import { direction } from "./panels/moments.js";
import { search } from "./panels/search.js";
import { source } from "./panels/source.js";
import { stepper } from "./panels/stepper.js";
import { createStore } from "./store.js";
import { createView, STRIP } from "./view.js";

/** @typedef {import("./types.js").PageData} PageData */

const BROAD = 2.4; // times as wide as high
const WIDE = 900; // wider than there is room beside the panels

/**
 * Puts the live picture and its panels in the place of the static picture. If anything fails, all is as before.
 * @param {HTMLElement} page
 * @param {HTMLElement} section
 * @param {PageData} data
 * @returns {() => void} what undoes it
 */
function mount(page, section, data) {
  const still = element("div", { class: "still" });
  const stage = element("div", { class: "stage" });
  const shape = shapeOf(data.root);
  /** @type {HTMLElement[]} */
  const panels = [];
  const undo = () => {
    page.classList.remove("live", ...shape);
    for (const panel of panels) panel.remove();
    section.replaceChildren(...still.childNodes);
  };
  still.append(...section.childNodes);
  section.append(stage);
  page.classList.add("live", ...shape);
  try {
    panels.push(...surround(page, stage, data));
    section.after(...panels);
    print(section, still);
  } catch (problem) {
    undo();
    throw problem;
  }
  return undo;
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
 * How the page is laid out around a picture: "broad" above everything or "flat" beside the panels, and "deep" where parts open.
 * @param {import("./types.js").Part} root
 */
function shapeOf({ boxes, w, h }) {
  const shape = w > BROAD * h || w > WIDE ? "broad" : "flat";
  return boxes.some((box) => box.inside) ? [shape, "deep"] : [shape];
}

/**
 * Gives the picture the height that it needs, as wide as it can be.
 * @param {HTMLElement} stage
 * @param {import("./types.js").Part} root
 */
function sized(stage, root) {
  const size = () => stage.style.setProperty("--ideal", `${Math.round(heightFor(root, stage.clientWidth) + STRIP)}px`);
  addEventListener("resize", size);
  size();
}

/**
 * The view in its place, and the panels that belong around it.
 * @param {HTMLElement} page
 * @param {HTMLElement} stage
 * @param {PageData} data
 * @returns {HTMLElement[]} the panels
 */
function surround(page, stage, data) {
  const moments = data.moments ?? [];
  const store = createStore({ moment: Math.max(moments.length - 1, 0) });
  const known = lookup(data.root);
  const forward = data.forward ?? 0;
  const colour = () => {
    page.dataset.direction = direction(store.get().moment, forward);
  };
  store.subscribe(colour);
  colour();
  sized(stage, data.root);
  const view = createView(stage, data, store);
  const text = source(data, known, store, view);
  const tools = element("div", { id: "tools" }, search(data, known, store, view), heat(data, store, view));
  const side = element("div", { id: "side", class: text ? "" : "no-source" }, tools, text, detail(data, known, store, view));
  const steps = stepper(moments, forward, store, (moment) => known.boxes.get(moments[moment]?.box ?? "")?.module ?? "");
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
  fold.addEventListener("toggle", () => fold.open && scrollTo({ top: scrollY + fold.getBoundingClientRect().top }));
}

async function start() {
  const page = document.getElementById("byhand");
  const section = document.getElementById("picture");
  if (!page || !section) return;
  try {
    const undo = mount(page, section, await load(document.querySelector("script#byhand-data")));
    // a problem without an error is a browser's remark
    addEventListener("error", ({ error }) => {
      if (!error || !page.classList.contains("live")) return;
      undo();
      stayStatic(section, error);
    });
    if (document.body.classList.contains("frame")) foldStory();
  } catch (problem) {
    stayStatic(section, problem);
  }
}

start();

// The live picture: what is open, selected and focused, and where the reader looks.
import * as camera from "./camera.js";
import { buttons, pressed } from "./controls.js";
import { listen } from "./gestures.js";
import { marksOf } from "./marks.js";
import { createScene } from "./scene.js";
import { Stage, within } from "./stage.js";
import * as walk from "./walk.js";

/** @typedef {import("./types.js").PageData} PageData */
/** @typedef {import("./types.js").Store} Store */
/** @typedef {import("./types.js").State} State */

/** The height of the buttons that stand on the picture. */
export const STRIP = 32;

/**
 * The live picture in `container`, which it fills.
 * @param {HTMLElement} container
 * @param {PageData} data
 * @param {Store} store
 * @returns {import("./types.js").View}
 */
export function createView(container, data, store) {
  const view = new Picture(data, store);
  container.append(view.stage.element);
  view.stage.start();
  return { element: view.stage.element, fit: () => view.fit(), reveal: (key) => view.reveal(key) };
}

/** The picture, and what can be done to it. */
export class Picture {
  /**
   * @param {PageData} data
   * @param {Store} store
   */
  constructor(data, store) {
    this.data = data;
    this.store = store;
    this.scene = createScene(data.root);
    this.root = this.scene.layout(store.get().opened);
    this.focused = walk.first(this.root);
    this.found = this.newFound();
    /** Whether the reader has gone from one moment to another. */
    this.walked = false;
    this.marks = this.newMarks();
    /** What is revealed before the window has a size. */
    this.awaited = "";
    /** Where the camera stood when it was fitted. @type {camera.Camera | null} */
    this.fitted = null;
    this.stage = new Stage(
      data.title,
      () => this.play(),
      () => this.resized(),
    );
    this.stage.element.append(buttons(this));
    this.listen();
  }

  listen() {
    const { stage } = this;
    listen(stage.desk, {
      pan: (x, y, wheel) => this.pan(x, y, wheel),
      zoom: (factor, x, y) => stage.look(camera.zoomed(stage.camera, factor, x, y)),
      tap: (target) => this.tap(target),
    });
    stage.svg.addEventListener("keydown", (event) => pressed(this, event));
    // not on the SVG: a browser lets the Tab key stop at one that listens for the focus
    stage.desk.addEventListener("focusin", (event) => this.focus(keyOf(event.target)));
    this.store.subscribe((state, before) => this.changed(state, before));
  }

  /**
   * What the stage paints.
   * @returns {import("./stage.js").Play}
   */
  play() {
    if (!this.spotOf(this.focused)) this.focused = this.shownAs(this.focused) || walk.first(this.root);
    const spot = this.spotOf(this.focused);
    return { root: this.root, marks: this.marks, focused: this.focused, focusedItem: spot && walk.itemOf(spot) };
  }

  /** Shows all of the picture, or as much of it, from its first box on, as can be read. */
  fit() {
    this.stage.measure();
    if (!this.stage.size.w) return;
    const whole = this.whole();
    this.fitted = camera.opening(whole, this.room(), this.areaOf(walk.first(this.root)) ?? whole);
    this.stage.look(this.fitted);
  }

  /** After a change of the window's size what was fitted is fitted again. */
  resized() {
    if (this.awaited) this.reveal(this.awaited);
    else if (!this.fitted || this.fitted === this.stage.camera) this.fit();
  }

  /** Shows all of the picture, however small. */
  showAll() {
    this.stage.go(camera.showing(this.whole(), this.room()));
  }

  /** The window without the strip of the buttons. */
  room() {
    const { w, h } = this.stage.size;
    return { w, h: Math.max(h - STRIP, h / 2) };
  }

  /** The rectangle of the whole scene. */
  whole() {
    return { x: 0, y: 0, w: this.root.w, h: this.root.h };
  }

  /**
   * Opens the parts around a box, and brings it into the middle.
   * @param {string} key
   */
  reveal(key) {
    const found = this.scene.find(key);
    if (!found) return;
    const { opened } = this.store.get();
    if (found.around.some((box) => !opened.has(box.key))) {
      this.store.set({ opened: new Set([...opened, ...found.around.map((box) => box.key)]) });
    }
    this.focused = key;
    this.awaited = this.stage.size.w ? "" : key;
    this.stage.changed();
    const area = this.areaOf(key);
    if (area && !this.awaited) this.stage.go(camera.centring(this.stage.camera, area, this.stage.size));
  }

  /**
   * Where a box lies in the scene; null if a part around it is closed.
   * @param {string} key
   */
  areaOf(key) {
    const spot = this.spotOf(key);
    return spot && walk.areaOf(spot);
  }

  /** @param {string} key */
  spotOf(key) {
    const found = this.scene.find(key);
    return found && walk.spotOf(this.root, found.around, key);
  }

  /**
   * The box that is seen in place of another: the outermost closed one around it.
   * @param {string} key
   */
  shownAs(key) {
    const { opened } = this.store.get();
    return this.scene.find(key)?.around.find((box) => !opened.has(box.key))?.key ?? key;
  }

  newMarks() {
    return marksOf(this.data, this.store.get(), (key) => this.shownAs(key), this.found, this.walked);
  }

  /** The boxes that stand for what a search found. */
  newFound() {
    return new Set([...this.store.get().found].map((key) => this.shownAs(key)));
  }

  /**
   * @param {State} state
   * @param {State} before
   */
  changed(state, before) {
    if (state.opened !== before.opened) this.root = this.scene.layout(state.opened);
    if (state.opened !== before.opened || state.found !== before.found) this.found = this.newFound();
    this.walked ||= state.moment !== before.moment;
    this.marks = this.newMarks();
    if (state.moment !== before.moment) this.follow(this.data.moments?.[state.moment]?.box ?? "");
    this.stage.changed();
  }

  /**
   * Brings the box of a moment into the window if it is not there.
   * @param {string} key
   */
  follow(key) {
    const area = key && this.stage.size.w ? this.areaOf(this.shownAs(key)) : null;
    if (area && !within(area, this.stage.window())) this.stage.go(camera.bringing(this.stage.camera, area, this.stage.size));
  }

  /**
   * Opens a closed part, or closes an open one, and keeps it where it is.
   * @param {string} key
   */
  toggle(key) {
    const before = this.areaOf(key);
    const opened = new Set(this.store.get().opened);
    if (!opened.delete(key)) opened.add(key);
    this.store.set({ opened, selected: key });
    const after = this.areaOf(key);
    if (!before || !after) return;
    const { k, x, y } = this.stage.camera;
    this.stage.look({ k, x: x + (before.x - after.x) * k, y: y + (before.y - after.y) * k });
    this.stage.go(camera.bringing(this.stage.camera, after, this.stage.size));
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {boolean} wheel
   * @returns {boolean} whether there was anything more to see; if not, the wheel is the page's
   */
  pan(x, y, wheel) {
    const { stage } = this;
    if (wheel && within(this.whole(), stage.window())) return false;
    stage.look(camera.held({ ...stage.camera, x: stage.camera.x + x, y: stage.camera.y + y }, this.root, stage.size));
    return true;
  }

  /**
   * Selects what was tapped; a closed part opens, and an open one closes where its sign or bar is.
   * @param {Element} target
   */
  tap(target) {
    const group = target.closest("[data-key]");
    const key = group?.getAttribute("data-key") ?? "";
    if (!group?.classList.contains("box")) {
      this.store.set({ selected: key });
      return;
    }
    const opens = Boolean(this.scene.find(key)?.box.inside);
    const toggles = opens && (!group.classList.contains("open") || target.closest(".caption, .bar"));
    if (toggles) this.toggle(key);
    else this.store.set({ selected: key });
    this.focus(key, true);
  }

  /**
   * Makes a box the one that Tab leads to.
   * @param {string} key
   * @param {boolean} [take] whether it takes the focus now
   */
  focus(key, take = false) {
    if (!key || (key === this.focused && !take)) return;
    this.focused = key;
    this.stage.paint();
    const box = this.scene.find(key)?.box;
    if (take && box) this.stage.painter.nodeOf(box)?.focus({ preventScroll: true });
  }

  /**
   * Goes on to another box: it is selected, focused and seen.
   * @param {string} key
   */
  step(key) {
    this.store.set({ selected: key });
    this.focus(key, true);
    const area = this.areaOf(key);
    if (area) this.stage.go(camera.bringing(this.stage.camera, area, this.stage.size));
  }
}

/** @param {EventTarget | null} target */
function keyOf(target) {
  return target instanceof Element ? (target.closest(".box")?.getAttribute("data-key") ?? "") : "";
}

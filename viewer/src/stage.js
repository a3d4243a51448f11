// The window that the scene is seen through: its SVG, where it stands, and what of the scene is painted.
import * as camera from "./camera.js";
import { visible } from "./cull.js";
import geometry from "./geometry.json" with { type: "json" };
import { createPainter } from "./paint.js";
import { svg } from "./text.js";

/** @typedef {import("./routes.js").Rectangle} Rectangle */
/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./scene.js").PartPlace} PartPlace */

/**
 * What is painted: the scene, the marks on it, and the box that has the focus, wherever it lies.
 * @typedef {{ root: PartPlace, marks: import("./marks.js").Marks, focused: string, focusedItem: import("./cull.js").BoxItem | null }} Play
 */

/** So much around the window is painted in advance, in windows; and so long a move takes, in milliseconds. */
const AHEAD = 0.4;
const MOVE = 220;
/** Painted anew when the scale has changed by this factor, because other texts can be read then. */
const ANEW = 1.25;
/** Below this scale lines keep their width on the screen. */
const FAR = 0.7;
/** The camera rests when it has not moved for so many milliseconds. */
const REST = 120;

export class Stage {
  /**
   * @param {string} title
   * @param {() => Play} play
   * @param {() => void} resized what is done when the window has got another size
   */
  constructor(title, play, resized) {
    this.play = play;
    this.resized = resized;
    this.ground = svg("g", { class: "camera", role: "presentation" });
    this.svg = svg("svg", attributes(title), this.ground);
    this.painter = createPainter(this.ground);
    this.element = layer("view");
    this.desk = layer("desk");
    // not the SVG itself is moved: that would have the browser lay out every text again
    this.sheet = layer("sheet");
    this.sheet.append(this.svg);
    this.desk.append(this.sheet);
    this.element.append(this.desk);
    /** @type {Camera} */
    this.camera = { x: 0, y: 0, k: 1 };
    this.size = { w: 0, h: 0 };
    /** @type {Rectangle | null} */
    this.painted = null;
    /** The camera for which was painted last. */
    this.paper = this.camera;
    this.resting = 0;
    /** @type {import("./cull.js").Seen} */
    this.seen = { boxes: [], arrows: [] };
    this.frame = 0;
    this.moving = 0;
  }

  /** Follows the size of the window from now on. */
  start() {
    const follow = () => {
      if (!this.measure()) return;
      this.resized();
      this.changed();
    };
    new ResizeObserver(follow).observe(this.element);
    follow();
    this.paint();
  }

  /** Takes the size of the window; whether it is another one than before. */
  measure() {
    const { clientWidth: w, clientHeight: h } = this.element;
    if (!w || !h || (w === this.size.w && h === this.size.h)) return false;
    this.size = { w, h };
    return true;
  }

  /** The part of the scene that the window shows. */
  window() {
    return camera.shown(this.camera, this.size, 0);
  }

  /**
   * Moves the camera there in a moment, or at once for readers who want no motion.
   * @param {Camera} target
   */
  go(target) {
    cancelAnimationFrame(this.moving);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.look(target);
      return;
    }
    const from = this.camera;
    const began = performance.now();
    const step = (/** @type {number} */ now) => {
      const share = Math.min(1, Math.max(0, (now - began) / MOVE));
      this.camera = share === 1 ? target : camera.between(from, target, share);
      this.show();
      if (share < 1) this.moving = requestAnimationFrame(step);
    };
    this.moving = requestAnimationFrame(step);
  }

  /**
   * Puts the camera there.
   * @param {Camera} target
   */
  look(target) {
    cancelAnimationFrame(this.moving);
    this.camera = target;
    this.show();
  }

  /**
   * Nearer by this factor, the middle of the window fixed.
   * @param {number} factor
   */
  nearer(factor) {
    this.look(camera.zoomed(this.camera, factor, this.size.w / 2, this.size.h / 2));
  }

  /** Paints anew on the next frame, because what is painted has changed. */
  changed() {
    this.painted = null;
    this.show();
  }

  /** Shows the scene on the next frame, painted anew if the window shows what is not painted. */
  show() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.size.w) return;
      const ratio = Math.max(this.camera.k / this.paper.k, this.paper.k / this.camera.k);
      if (!this.painted || !(ratio < ANEW) || !within(this.window(), this.painted)) this.paint();
      this.slide();
      this.painter.captions(this.seen, -this.camera.x / this.camera.k);
    });
  }

  /** How far the paper looks out of the window on each side. */
  margin() {
    return { x: Math.round(this.size.w * AHEAD), y: Math.round(this.size.h * AHEAD) };
  }

  /** Moves what is painted, as one sheet of paper, to where the camera is; it is painted in the new size once the camera rests. */
  slide() {
    const { x, y, k } = this.camera;
    const scale = k / this.paper.k;
    const margin = this.margin();
    // whole pixels, or lines and letters would blur
    const whole = scale === 1 ? Math.round : Number;
    const left = whole(x - (this.paper.x + margin.x) * scale);
    const top = whole(y - (this.paper.y + margin.y) * scale);
    this.sheet.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    clearTimeout(this.resting);
    if (scale !== 1) this.resting = window.setTimeout(() => this.changed(), REST);
  }

  /** Paints what the window shows, and a little around it. */
  paint() {
    if (!this.size.w) return;
    const { root, marks, focused, focusedItem } = this.play();
    const { x, y, k } = this.camera;
    const { w, h } = this.size;
    this.painted = camera.shown(this.camera, this.size, AHEAD);
    this.paper = this.camera;
    this.seen = visible(root, this.painted, k);
    // what has the focus must not go away while it is out of sight
    if (focusedItem && !this.seen.boxes.some(({ place }) => place === focusedItem.place)) this.seen.boxes.push(focusedItem);
    this.painter.paint(this.seen, { scale: k, marks, focused });
    this.svg.classList.toggle("far", k < FAR);
    const margin = this.margin();
    this.svg.setAttribute("width", String(w + 2 * margin.x));
    this.svg.setAttribute("height", String(h + 2 * margin.y));
    this.ground.setAttribute("transform", `translate(${x + margin.x} ${y + margin.y}) scale(${k})`);
    this.slide();
    // a finger that moves up or down over a picture with nothing above or below scrolls the page
    this.desk.style.touchAction = y >= 0 && y + root.h * k <= h ? "pan-y" : "none";
  }
}

/** @param {string} name */
function layer(name) {
  const made = document.createElement("div");
  made.className = name;
  return made;
}

/**
 * The attributes of the whole drawing.
 * @param {string} title
 * @returns {Record<string, string | number>}
 */
function attributes(title) {
  return {
    class: "byhand-picture",
    role: "tree",
    "aria-label": title || "Picture of the run",
    "font-family": geometry.font,
    "font-size": geometry.sizes.row,
    "xml:space": "preserve",
  };
}

/**
 * Whether one rectangle lies in another.
 * @param {Rectangle} inner
 * @param {Rectangle} outer
 */
export function within(inner, outer) {
  return inner.x >= outer.x && inner.y >= outer.y && inner.x + inner.w <= outer.x + outer.w && inner.y + inner.h <= outer.y + outer.h;
}

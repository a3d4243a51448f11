// Keeps the SVG elements of what is seen, and changes no more of them than it must.
import { arrowClasses, boxClasses, captionShift, drawnArrow, drawnBox, drawnHeat, drawnLabel, nameOf } from "./draw.js";
import geometry from "./geometry.json" with { type: "json" };
import { tenth } from "./shapes.js";
import { svg } from "./text.js";

/** @typedef {import("./cull.js").BoxItem} BoxItem */
/** @typedef {import("./cull.js").ArrowItem} ArrowItem */
/** @typedef {import("./marks.js").Marks} Marks */
/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Arrow} Arrow */

/** Texts smaller than this on the screen are left out, in pixels. */
const LEGIBLE = 5;

/** @typedef {{ node: SVGElement, drawn: string, kept: Record<string, string>, round: number }} Kept */

/**
 * A painter of boxes, arrows and labels into `ground`.
 * @param {SVGElement} ground
 */
export function createPainter(ground) {
  /** @type {Map<Box, Kept>} */
  const boxes = new Map();
  /** @type {Map<Arrow, Kept>} */
  const arrows = new Map();
  /** @type {Map<Arrow, Kept>} */
  const labels = new Map();
  /** @type {{ arrows: SVGElement, boxes: SVGElement, labels: SVGElement }[]} */
  const layers = [];
  let round = 0;

  /** @param {number} depth */
  function layer(depth) {
    while (layers.length <= depth) {
      const made = { arrows: svg("g"), boxes: svg("g"), labels: svg("g") };
      ground.append(svg("g", { role: "presentation" }, made.arrows, made.boxes, made.labels));
      made.arrows.setAttribute("aria-hidden", "true");
      made.labels.setAttribute("aria-hidden", "true");
      layers.push(made);
    }
    return layers[depth];
  }

  /**
   * @param {BoxItem} item
   * @param {number} scale
   * @param {Marks} marks
   * @param {string} focused
   */
  function paintBox({ place, x, y, depth, opened }, scale, marks, focused) {
    const { box, w, h } = place;
    const kept = keep(boxes, box, layer(depth).boxes, round);
    const heat = marks.heat(box);
    const { detail, name } = detailOf(box, { w, h, scale, opened });
    redraw(kept, [w, h, opened, detail, name?.text, name?.size, heat].join(), () => {
      const look = { w, h, opened, detail, name };
      return [...drawnBox(box, look), ...(heat && detail === "full" ? drawnHeat(box, look, heat) : [])];
    });
    write(kept, {
      class: `${boxClasses(box, opened)} ${marks.box(box)}`.trim(),
      transform: `translate(${tenth(x)} ${tenth(y)})`,
      "data-key": box.key,
      role: "treeitem",
      "aria-label": marks.spoken(box),
      "aria-level": String(depth + 1),
      "aria-selected": String(box.key === marks.selected),
      tabindex: box.key === focused ? "0" : "-1",
      ...(box.inside ? { "aria-expanded": String(Boolean(place.inside)) } : {}),
    });
  }

  /**
   * @param {ArrowItem} item
   * @param {number} scale
   * @param {Marks} marks
   */
  function paintArrow({ route, lines, x, y, depth, startJoined, endJoined }, scale, marks) {
    const { arrow, points, label } = route;
    const kept = keep(arrows, arrow, layer(depth).arrows, round);
    redraw(kept, [startJoined, endJoined, ...points, ...lines].join(), () => drawnArrow(arrow, { points, lines, startJoined, endJoined }));
    const classes = marks.arrow(arrow);
    write(kept, {
      class: `${arrowClasses(arrow)} ${classes}`.trim(),
      transform: `translate(${tenth(x)} ${tenth(y)})`,
      "data-key": arrow.key,
    });
    if (!label || !arrow.label?.length || geometry.sizes.label * scale < LEGIBLE) return;
    const text = keep(labels, arrow, layer(depth).labels, round);
    redraw(text, "label", () => drawnLabel(arrow));
    write(text, {
      class: `label ${classes}`.trim(),
      transform: `translate(${tenth(x + label[0])} ${tenth(y + label[1])})`,
      "data-key": arrow.key,
    });
  }

  return {
    /**
     * Paints what is seen, and takes away what no longer is.
     * @param {import("./cull.js").Seen} seen
     * @param {{ scale: number, marks: Marks, focused: string }} look
     */
    paint(seen, { scale, marks, focused }) {
      round += 1;
      for (const item of seen.boxes) paintBox(item, scale, marks, focused);
      for (const item of seen.arrows) paintArrow(item, scale, marks);
      sweep(boxes, round);
      sweep(arrows, round);
      sweep(labels, round);
    },
    /**
     * Keeps the titles of opened boxes in a window that begins at `left`.
     * @param {import("./cull.js").Seen} seen
     * @param {number} left
     */
    captions(seen, left) {
      for (const { place, x, opened } of seen.boxes) {
        if (!opened) continue;
        const shift = captionShift(place.box, place.w, left - x);
        boxes
          .get(place.box)
          ?.node.querySelector(".caption")
          ?.setAttribute("transform", `translate(${tenth(shift)} 0)`);
      }
    },
    /** @param {Box} box */
    nodeOf: (box) => boxes.get(box)?.node ?? null,
  };
}

/**
 * How much of a box can be seen.
 * @param {Box} box
 * @param {{ w: number, h: number, scale: number, opened: boolean }} place
 * @returns {Pick<import("./draw.js").Look, "detail" | "name">}
 */
function detailOf(box, place) {
  if (geometry.sizes.row * place.scale >= LEGIBLE) return { detail: "full", name: null };
  const name = nameOf(box, place);
  return { detail: name ? "name" : "bare", name };
}

/**
 * What is kept of a box or an arrow, new if it was not there.
 * @template Key
 * @param {Map<Key, Kept>} known
 * @param {Key} key
 * @param {SVGElement} ground
 * @param {number} round
 */
function keep(known, key, ground, round) {
  let kept = known.get(key);
  if (!kept) {
    kept = { node: svg("g"), drawn: "", kept: {}, round };
    known.set(key, kept);
    ground.append(kept.node);
  }
  kept.round = round;
  return kept;
}

/**
 * Draws the content again if what it depends on has changed.
 * @param {Kept} kept
 * @param {string} drawn
 * @param {() => SVGElement[]} content
 */
function redraw(kept, drawn, content) {
  if (kept.drawn === drawn) return;
  kept.drawn = drawn;
  kept.node.replaceChildren(...content());
}

/**
 * Writes the attributes that have changed.
 * @param {Kept} kept
 * @param {Record<string, string>} attributes
 */
function write({ node, kept }, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (kept[name] === value) continue;
    kept[name] = value;
    node.setAttribute(name, value);
  }
}

/**
 * @template Key
 * @param {Map<Key, Kept>} known
 * @param {number} round
 */
function sweep(known, round) {
  for (const [key, kept] of known) {
    if (kept.round === round) continue;
    kept.node.remove();
    known.delete(key);
  }
}

// The buttons and keys of the picture.
import * as walk from "./walk.js";

/** @typedef {import("./view.js").Picture} Picture */

/** A press on a button or a key brings the picture so much nearer. */
const NEARER = 1.4;

/**
 * The buttons that stand on the picture.
 * @param {Picture} picture
 */
export function buttons(picture) {
  const group = document.createElement("div");
  group.className = "zoom";
  group.append(
    button("+", "Nearer (+)", () => picture.stage.nearer(NEARER)),
    button("−", "Further away (−)", () => picture.stage.nearer(1 / NEARER)),
    button("⤢", "Show all (0)", () => picture.showAll()),
  );
  return group;
}

/**
 * @param {string} sign
 * @param {string} name
 * @param {() => void} action
 */
function button(sign, name, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = sign;
  made.title = name;
  made.setAttribute("aria-label", name);
  made.addEventListener("click", action);
  return made;
}

/**
 * Does what a key says.
 * @param {Picture} picture
 * @param {KeyboardEvent} event
 */
export function pressed(picture, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = actions(picture)[event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

/**
 * @param {Picture} picture
 * @returns {Record<string, () => void>}
 */
function actions(picture) {
  const { focused, root } = picture;
  const spot = picture.spotOf(focused);
  const to = (/** @type {string} */ key) => key && picture.step(key);
  const nearer = () => picture.stage.nearer(NEARER);
  const further = () => picture.stage.nearer(1 / NEARER);
  return {
    ArrowRight: () => spot && to(walk.alongArrow(spot, "right")),
    ArrowLeft: () => spot && to(walk.alongArrow(spot, "left")),
    ArrowUp: () => spot && to(walk.beside(spot, "up")),
    ArrowDown: () => spot && to(walk.beside(spot, "down")),
    Home: () => to(walk.first(root)),
    End: () => to(walk.last(root)),
    Escape: () => to(spot?.around.at(-1)?.place.box.key ?? ""),
    Enter: () => (spot?.place.box.inside ? picture.toggle(focused) : picture.step(focused)),
    "+": nearer,
    "=": nearer,
    "-": further,
    "−": further,
    0: () => picture.showAll(),
  };
}

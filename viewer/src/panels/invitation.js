import { element } from "./elements.js";

/** @type {[keys: string[], does: string, walks?: boolean][]} */
const KEYS = [
  [["space"], "play and pause", true],
  [[",", "."], "one step back, one step on", true],
  [["/"], "search"],
  [["←", "→"], "in the picture: along arrows"],
  [["↑", "↓"], "in the picture: to neighbours"],
  [["Enter"], "in the picture: open and close"],
  [["+", "−", "0"], "in the picture: larger, smaller, all of it"],
];

/**
 * What to do while nothing is selected, with the mouse and with the keyboard.
 * @param {import("../types.js").PageData} data
 */
export function invitation({ sources, moments }) {
  const places = sources?.length ? "a box, an arrow or a line of the program" : "a box or an arrow";
  const walk = (moments?.length ?? 0) > 1;
  const rows = KEYS.filter(([, , walks]) => walk || !walks).map(([keys, does]) =>
    element("tr", {}, element("th", { scope: "row" }, ...keys.flatMap((key) => [element("kbd", {}, key), " "])), element("td", {}, does)),
  );
  return element(
    "div",
    { class: "hint" },
    element("p", {}, `Click ${places} to see how its numbers come about.`),
    element("table", { class: "keys" }, element("caption", {}, "Keys"), element("tbody", {}, ...rows)),
  );
}

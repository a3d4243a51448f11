// What the state of the viewer says about each box and arrow: classes, and what a screen reader hears.
import { heatScale } from "./heat.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Arrow} Arrow */
/** @typedef {import("./types.js").PageData} PageData */
/** @typedef {import("./types.js").State} State */

/** @typedef {{ box: (box: Box) => string, arrow: (arrow: Arrow) => string, heat: (box: Box) => string, selected: string, spoken: (box: Box) => string }} Marks */

/**
 * The marks of one state. `shownAs` gives the box that stands for another one, which may lie in a closed part, `found` those that
 * stand for what a search found. What happens now is marked, at the end only if the reader has `walked` there.
 * @param {PageData} data
 * @param {State} state
 * @param {(key: string) => string} shownAs
 * @param {ReadonlySet<string>} found
 * @param {boolean} [walked]
 * @returns {Marks}
 */
export function marksOf(data, state, shownAs, found, walked = false) {
  const { moment } = state;
  const heat = data.heats?.[state.heat];
  const scale = heat ? heatScale(heat) : null;
  const selected = shownAs(state.selected);
  const now = shownAs(data.moments?.[moment]?.box ?? "");
  const last = (data.moments?.length ?? 0) - 1;
  const live = last >= 0 && (walked || moment < last);
  const ends = (/** @type {Box} */ { kind, backward }) => kind === "weight" && backward === moment;
  return {
    box: (box) => {
      const { key, forward = 0, backward = 0 } = box;
      return words({
        "no-value": moment < forward,
        "no-gradient": moment < backward,
        selected: key === selected,
        found: found.has(key),
        now: live && (key === now || (moment > 0 && ends(box))),
        [`heat-${scale?.step(key)}`]: scale !== null && scale.step(key) >= 0,
      });
    },
    arrow: ({ key, from, to, forward = 0, backward = 0 }) =>
      words({
        "no-value": moment < forward,
        "no-gradient": moment < backward,
        selected: key === state.selected,
        near: selected !== "" && (from === selected || to === selected),
      }),
    heat: ({ key }) => heat?.texts[key] ?? "",
    selected,
    spoken: (box) => spoken(box, moment),
  };
}

/**
 * The words whose conditions hold.
 * @param {Record<string, boolean>} conditions
 */
function words(conditions) {
  return Object.keys(conditions)
    .filter((word) => conditions[word])
    .join(" ");
}

/**
 * What is said of a box at a moment: no more than is seen of it.
 * @param {Box} box
 * @param {number} moment
 */
function spoken({ spoken: all = "", rows = [], forward = 0, backward = 0 }, moment) {
  if (all && moment >= forward && moment >= backward) return all;
  const there = { always: true, forward: moment >= forward, backward: moment >= backward };
  const seen = rows.filter(({ shows }) => there[shows]).map(({ cells = [] }) => cells.map(([text]) => text).join(""));
  return seen.filter(Boolean).join(", ");
}

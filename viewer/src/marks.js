// What the state of the viewer says about each box and arrow: classes, and what a screen reader hears.
import { heatScale } from "./heat.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Arrow} Arrow */
/** @typedef {import("./types.js").PageData} PageData */
/** @typedef {import("./types.js").State} State */

/** @typedef {{ box: (box: Box) => string, arrow: (arrow: Arrow) => string, heat: (box: Box) => string, selected: string, spoken: (box: Box) => string }} Marks */

/**
 * The marks of one state. `shownAs` gives the box that stands for another one, which may lie in a closed part, `found` those that
 * stand for what a search found.
 * @param {PageData} data
 * @param {State} state
 * @param {(key: string) => string} shownAs
 * @param {ReadonlySet<string>} found
 * @returns {Marks}
 */
export function marksOf(data, state, shownAs, found) {
  const { moment } = state;
  const heat = data.heats?.[state.heat];
  const scale = heat ? heatScale(heat) : null;
  const selected = shownAs(state.selected);
  const now = shownAs(data.moments?.[moment]?.box ?? "");
  const live = Boolean(data.moments?.length) && moment < (data.moments?.length ?? 0) - 1;
  return {
    box: ({ key, forward = 0, backward = 0 }) =>
      words({
        "no-value": moment < forward,
        "no-gradient": moment < backward,
        selected: key === selected,
        found: found.has(key),
        now: live && key === now,
        [`heat-${scale?.step(key)}`]: scale !== null && scale.step(key) >= 0,
      }),
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

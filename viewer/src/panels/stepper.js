import { button, element, icon, typesText } from "./elements.js";
import { playsFrom, spokenLine, standing, within } from "./moments.js";
import { teller } from "./told.js";

/** @typedef {import("../types.js").Moment} Moment */
/** @typedef {import("../types.js").Store} Store */

const PAUSE = 1200; // milliseconds from one step to the next while it plays
const ICONS = {
  first: "M4 3v10M13 3 7 8l6 5z",
  back: "M11 3 5 8l6 5z",
  play: "M4 2.5 13 8l-9 5.5z",
  pause: "M5 3v10M11 3v10",
  on: "M5 3l6 5-6 5z",
  last: "M12 3v10M3 3l6 5-6 5z",
};

/**
 * The walk through the run: buttons, a slider, and what is told of the moment. Null if there is nothing to walk through.
 * @param {Moment[]} moments
 * @param {number} forward
 * @param {Store} store
 * @param {(moment: number) => string} moduleOf
 * @returns {HTMLElement | null}
 */
export function stepper(moments, forward, store, moduleOf) {
  const last = moments.length - 1;
  if (last < 1) return null;
  const step = /** @param {number} by */ (by) => go(store.get().moment + by);
  const clock = player(store, last);
  const go = /** @param {number} moment */ (moment) => {
    clock.stop();
    store.set({ moment: within(moment, last) });
  };
  const slider = element("input", { type: "range", min: 0, max: last, step: 1, "aria-label": "Moment of the run" });
  slider.addEventListener("input", () => go(Number(slider.value)));
  const buttons = controls(go, step, clock, last);
  const told = teller(moments);
  const panel = element(
    "section",
    { id: "stepper", "aria-label": "Step through the run" },
    element("div", { class: "walk" }, buttons.group, element("div", { class: "track" }, slider, ends(forward, last))),
    told.element,
  );
  const show = () => {
    const { moment } = store.get();
    const words = standing(moment, forward, last);
    slider.value = String(moment);
    panel.style.setProperty("--reached", along(moment / last));
    slider.setAttribute("aria-valuetext", `${words}: ${spokenLine(moments[moment]?.told ?? [])}`);
    told.show(moment, words, moduleOf(moment));
    buttons.show(moment);
  };
  panel.style.setProperty("--turn", along((forward + 0.5) / last));
  store.subscribe((state, before) => state.moment !== before.moment && show());
  keys(step, clock.toggle);
  show();
  return panel;
}

/**
 * A place on the slider's track, from 0 to 1, as its thumb of 20 pixels stands there.
 * @param {number} share
 */
function along(share) {
  return `calc(10px + (100% - 20px) * ${share})`;
}

/**
 * The names of the two halves under the slider.
 * @param {number} forward
 * @param {number} last
 */
function ends(forward, last) {
  const half = /** @param {string} name @param {string} words */ (name, words) => element("span", { class: name }, words);
  return element(
    "div",
    { class: "ends", "aria-hidden": "true" },
    forward > 0 && half("forward", "forward →"),
    last > forward && half("backward", "← backward"),
  );
}

/**
 * The five buttons, and what greys out those that lead nowhere.
 * @param {(moment: number) => void} go
 * @param {(by: number) => void} step
 * @param {ReturnType<typeof player>} clock
 * @param {number} last
 */
function controls(go, step, clock, last) {
  const made = /** @param {keyof typeof ICONS} name @param {string} label @param {() => void} act */ (name, label, act) =>
    button(icon(ICONS[name]), act, { "aria-label": label, title: label });
  const first = made("first", "To the beginning: nothing computed", () => go(0));
  const back = made("back", "One step back (,)", () => step(-1));
  const play = made("play", "Play (space)", clock.toggle);
  const on = made("on", "One step on (.)", () => step(1));
  const end = made("last", "To the end: everything computed", () => go(last));
  play.className = "main";
  clock.listen((playing) => {
    const label = playing ? "Pause (space)" : "Play (space)";
    play.setAttribute("aria-label", label);
    play.title = label;
    play.replaceChildren(icon(playing ? ICONS.pause : ICONS.play));
  });
  const show = /** @param {number} moment */ (moment) => {
    for (const each of [first, back]) each.setAttribute("aria-disabled", String(moment <= 0));
    for (const each of [on, end]) each.setAttribute("aria-disabled", String(moment >= last));
  };
  return { group: element("div", { class: "buttons", role: "group", "aria-label": "Steps" }, first, back, play, on, end), show };
}

/**
 * Walks on by itself until the end.
 * @param {Store} store
 * @param {number} last
 */
function player(store, last) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  /** @type {(playing: boolean) => void} */
  let told = () => {};
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    told(false);
  };
  const tick = () => {
    store.set({ moment: within(store.get().moment + 1, last) });
    if (store.get().moment >= last) stop();
  };
  const start = () => {
    store.set({ moment: playsFrom(store.get().moment, last) });
    timer = setInterval(tick, PAUSE);
    told(true);
  };
  return {
    stop,
    toggle: () => (timer === undefined ? start() : stop()),
    listen: /** @param {(playing: boolean) => void} listener */ (listener) => {
      told = listener;
    },
  };
}

/**
 * The keys of the walk, anywhere on the page but where text is typed: comma, full stop, and space where it presses no button.
 * @param {(by: number) => void} step
 * @param {() => void} toggle
 */
function keys(step, toggle) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typesText(event.target)) return;
    const presses = event.target instanceof Element && event.target.closest("button, summary, a, [role=option]");
    if (event.key === ",") step(-1);
    else if (event.key === ".") step(1);
    else if (event.key === " " && !presses) toggle();
    else return;
    event.preventDefault();
  });
}

/** @typedef {import("./types.js").State} State */

/**
 * A store of the viewer's state. Listeners hear of every change, after it, with the state before it.
 * @param {Partial<State>} [initial]
 * @returns {import("./types.js").Store}
 */
export function createStore(initial = {}) {
  /** @type {State} */
  let state = { selected: "", moment: 0, opened: new Set(), heat: -1, found: new Set(), ...initial };
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();
  return {
    get: () => state,
    set(patch) {
      const before = state;
      const after = { ...state, ...patch };
      if (unchanged(before, after)) return;
      state = after;
      // a listener may set more: the others then hear of the newest state
      for (const listener of [...listeners]) listener(state, before);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Whether two states are the same, field by field.
 * @param {State} before
 * @param {State} after
 */
function unchanged(before, after) {
  return /** @type {(keyof State)[]} */ (Object.keys(after)).every((name) => Object.is(before[name], after[name]));
}

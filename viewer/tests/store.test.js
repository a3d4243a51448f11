import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../src/store.js";

test("a new store has nothing selected, opened, found or coloured", () => {
  assert.deepEqual(createStore().get(), { selected: "", moment: 0, opened: new Set(), heat: -1, found: new Set() });
});

test("listeners hear of a change with the states after and before it", () => {
  const store = createStore({ moment: 2 });
  /** @type {number[][]} */
  const heard = [];
  store.subscribe((state, before) => heard.push([state.moment, before.moment]));
  store.set({ moment: 3 });

  assert.deepEqual(heard, [[3, 2]]);
});

test("setting what is there already is not a change", () => {
  const store = createStore({ selected: "s1" });
  let calls = 0;
  store.subscribe(() => calls++);
  store.set({ selected: "s1" });

  assert.equal(calls, 0);
});

test("a listener that left hears nothing", () => {
  const store = createStore();
  let calls = 0;
  store.subscribe(() => calls++)();
  store.set({ moment: 1 });

  assert.equal(calls, 0);
});

test("a listener may change the state in turn, and all end with the last one", () => {
  const store = createStore();
  store.subscribe(({ moment }) => store.set({ selected: `s${moment}` }));
  /** @type {string[]} */
  const heard = [];
  store.subscribe(({ selected }) => heard.push(selected));
  store.set({ moment: 4 });

  assert.deepEqual(heard, ["s4", "s4"]);
});

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { gzipSync } from "node:zlib";
import { load } from "../src/load.js";

const Original = globalThis.DecompressionStream;
afterEach(() => {
  globalThis.DecompressionStream = Original;
});

/**
 * The element that a page carries its data in.
 * @param {unknown} data
 */
function element(data) {
  return { textContent: `\n${gzipSync(JSON.stringify(data)).toString("base64")}\n` };
}

test("the data come out as they went in", async () => {
  const data = { title: "ŷ = w · x </script> 🎈", root: { key: "", w: 1, h: 1, boxes: [] } };

  assert.deepEqual(await load(element(data)), data);
});

test("a page without data says so", async () => {
  await assert.rejects(load(null), /the page holds no data for it/);
});

test("damaged data are said to be damaged", async () => {
  await assert.rejects(load({ textContent: "H4sIAAAA" }), /its data are damaged/);
});

test("a browser that cannot unpack is told apart from damaged data", async () => {
  // @ts-expect-error an old browser has none
  globalThis.DecompressionStream = undefined;

  await assert.rejects(load(element({})), /this browser cannot unpack/);
});

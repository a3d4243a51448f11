/** @typedef {import("./types.js").PageData} PageData */

/** The sentence shown above the static page where the live picture cannot be. */
export const STATIC = "The live picture is not shown";

/**
 * The page's data, from the element that carries them as base64 of gzipped JSON, or as JSON if its type says so. Throws an Error whose
 * message says why in plain words.
 * @param {{ textContent: string | null, type?: string } | null} element
 * @returns {Promise<PageData>}
 */
export async function load(element) {
  if (!element?.textContent) throw new Error("the page holds no data for it");
  if (element.type === "application/json") return JSON.parse(element.textContent);
  if (typeof DecompressionStream !== "function") throw new Error("this browser cannot unpack its data (it knows no DecompressionStream)");
  try {
    return JSON.parse(await unpack(element.textContent.trim()));
  } catch {
    throw new Error("its data are damaged");
  }
}

/**
 * The text behind base64 of gzip.
 * @param {string} text
 */
function unpack(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  // Uint8Array.from takes forty times as long
  for (let index = 0; index < letters.length; index++) bytes[index] = letters.charCodeAt(index);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/**
 * Puts one line before the static picture that says why the live one is not there.
 * @param {HTMLElement} section
 * @param {unknown} reason
 */
export function stayStatic(section, reason) {
  const line = document.createElement("p");
  line.className = "static-note";
  line.setAttribute("role", "status");
  line.textContent = `${STATIC}: ${reason instanceof Error ? reason.message : String(reason)}.`;
  section.prepend(line);
}

import { named } from "./lookup.js";

/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Source} Source */
/** @typedef {{ field: string, text: string }} Term */
/** @typedef {{ key: string, name: string, note: string, fields: Record<string, string>, all: string }} Entry */

const FIELDS = ["name", "op", "line", "module", "verdict", "kind"];
const ACCENTS = /** @type {Record<string, string>} */ ({ "\u0302": "_hat", "\u0303": "_tilde", "\u0304": "_bar", "\u0307": "_dot" });

/**
 * What can be searched: an entry for every box.
 * @param {Iterable<Box>} boxes
 * @param {readonly Source[]} sources
 * @returns {Entry[]}
 */
export function entries(boxes, sources) {
  return Array.from(boxes, (box) => entry(box, sources));
}

/**
 * @param {Box} box
 * @param {readonly Source[]} sources
 * @returns {Entry}
 */
function entry(box, sources) {
  const name = named(box);
  const [file, line] = box.source ?? [-1, 0];
  const place = line ? `${sources[file]?.name ?? ""}:${line}` : "";
  const fields = {
    name: plain(name),
    op: plain(box.op ?? ""),
    line: line ? String(line) : "",
    module: plain(box.module ?? ""),
    verdict: plain(box.verdict ?? ""),
    kind: box.kind,
  };
  const note = [box.op, box.module, place].filter(Boolean).join(" · ");
  return { key: box.key, name, note, fields, all: [...Object.values(fields), plain(box.key), plain(place)].join("\n") };
}

/**
 * A text as it is compared: lower case, without accents; a hat, bar, tilde or dot also as PyTorch programs write it.
 * @param {string} text
 */
export function plain(text) {
  const lower = text.toLowerCase();
  if (!/[^ -~]/.test(lower)) return lower;
  const parted = lower.normalize("NFKD");
  const typed = parted.replace(/[\u0302\u0303\u0304\u0307]/g, (accent) => ACCENTS[accent]).replace(/\p{Mark}/gu, "");
  const bare = parted.replace(/\p{Mark}/gu, "");
  return [...new Set([lower, bare, typed])].join("\n");
}

/**
 * The words of a query. "verdict:differs" asks one field, any other word everything; quotes hold words together.
 * @param {string} query
 * @returns {Term[]}
 */
export function terms(query) {
  const words = query.match(/[a-z]+:"[^"]*"?|"[^"]*"?|\S+/gi) ?? [];
  return words
    .map((word) => {
      const [, field, rest] = /^([a-z]+):(.*)$/i.exec(word) ?? [];
      const known = field && FIELDS.includes(field.toLowerCase());
      const text = (known ? rest : word).replaceAll('"', "");
      return {
        field: known ? field.toLowerCase() : "",
        text: text
          .toLowerCase()
          .normalize("NFKD")
          .replace(/\p{Mark}/gu, ""),
      };
    })
    .filter(({ text }) => text);
}

/**
 * The entries that have all the words of a query; none if it has no word. A line's number must be the whole number.
 * @param {readonly Entry[]} all
 * @param {string} query
 * @returns {Entry[]}
 */
export function matching(all, query) {
  const wanted = terms(query);
  return wanted.length ? all.filter((each) => wanted.every((term) => has(each, term))) : [];
}

/**
 * @param {Entry} each
 * @param {Term} term
 */
function has(each, { field, text }) {
  if (!field) return each.all.includes(text);
  return field === "line" ? each.fields.line === text : each.fields[field].includes(text);
}

/**
 * The number of results in words.
 * @param {number} count
 * @param {string} query
 */
export function counted(count, query) {
  if (!query.trim()) return "";
  return count === 1 ? "1 box found" : `${count ? count.toLocaleString("en-GB") : "no"} boxes found`;
}

import { named } from "./lookup.js";

/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Source} Source */
/** @typedef {{ field: string, text: string }} Term */
/** @typedef {import("../types.js").Heat} Heat */
/** @typedef {{ key: string, name: string, note: string, path: string, fields: Record<string, string>, all: string }} Entry */

const FIELDS = ["name", "op", "line", "module", "verdict", "kind"];
const PATH = /^[mr]:/; // of a part that is a module: its key goes on with its path
const SPOILT = "not finite"; // the heat of what is NaN or infinite
const MARKS = /[\u0300-\u036f]/g;
const ACCENTS = /** @type {Record<string, string>} */ ({ "\u0302": "_hat", "\u0303": "_tilde", "\u0304": "_bar", "\u0307": "_dot" });

/**
 * What makes the entry of a box: what can be searched of it.
 * @param {readonly Source[]} sources
 * @param {readonly Heat[]} heats
 * @returns {(box: Box) => Entry}
 */
export function entriesOf(sources, heats = []) {
  const spoilt = heats.find(({ name }) => name === SPOILT)?.values ?? {};
  /** @type {Map<string, string>} */
  const known = new Map();
  const repeated = /** @param {string} text */ (text) => {
    const found = known.get(text) ?? plain(text);
    known.set(text, found);
    return found;
  };
  return (box) => entry(box, sources, repeated, spoilt[box.key] > 0);
}

/**
 * @param {Box} box
 * @param {readonly Source[]} sources
 * @param {(text: string) => string} repeated `plain` for texts that many boxes have
 * @param {boolean} spoilt whether something of it is not finite
 * @returns {Entry}
 */
function entry(box, sources, repeated, spoilt) {
  const name = named(box);
  const [file, line] = box.source ?? [-1, 0];
  const place = line ? `${sources[file]?.name ?? ""}:${line}` : "";
  const path = PATH.test(box.key) ? box.key.slice(2) : "";
  const fields = {
    name: plain(name),
    op: repeated(box.op ?? ""),
    line: line ? String(line) : "",
    module: repeated(box.module ?? path),
    verdict: repeated(box.verdict ?? ""),
    kind: box.kind,
  };
  const all = `${fields.name}\n${fields.op}\n${fields.module}\n${fields.verdict}\n${box.kind}\n${repeated(place)}${spoilt ? "\nnot finite\nnan" : ""}`;
  return { key: box.key, name, note: [box.op || box.kind, box.module, place].filter(Boolean).join(" · "), path: plain(path), fields, all };
}

/**
 * A text as it is compared: lower case, without accents; a hat, bar, tilde or dot also as PyTorch programs write it.
 * @param {string} text
 */
export function plain(text) {
  const lower = text.toLowerCase();
  if (!/[^ -~]/.test(lower)) return lower;
  const parted = lower.normalize("NFKD");
  const bare = parted.replace(MARKS, "");
  return bare === parted ? `${lower}\n${bare}` : `${lower}\n${bare}\n${parted.replace(MARKS, (mark) => ACCENTS[mark] ?? "")}`;
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
 * The entries that have all the words of a query; none if it has no word. A line's number must be the whole number. First come the
 * modules whose path is asked for.
 * @param {readonly Entry[]} all
 * @param {string} query
 * @returns {Entry[]}
 */
export function matching(all, query) {
  const wanted = terms(query);
  if (!wanted.length) return [];
  const found = all.filter((each) => wanted.every((term) => has(each, term)));
  const meant = (/** @type {Entry} */ { path }) => path && wanted.some(({ text }) => `.${path}`.endsWith(`.${text}`));
  return [...found.filter(meant), ...found.filter((each) => !meant(each))];
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

/** @typedef {import("../types.js").Store} Store */
/** @typedef {import("../types.js").View} View */

const READABLE = 24; // pixels that a box must be high to be seen

/**
 * Selects a box, and moves the picture only if the box is not to be seen there.
 * @param {string} key
 * @param {Store} store
 * @param {View} view
 * @param {Partial<import("../types.js").State>} [also] what else changes with it
 */
export function choose(key, store, view, also = {}) {
  store.set({ ...also, selected: key });
  if (!isSeen(key, view.element)) view.reveal(key);
}

/**
 * Whether a box lies wholly in the window of the picture, and large enough.
 * @param {string} key
 * @param {HTMLElement} picture
 */
function isSeen(key, picture) {
  const drawn = picture.querySelector(`.box[data-key="${CSS.escape(key)}"]`)?.getBoundingClientRect();
  const around = picture.getBoundingClientRect();
  if (!drawn || drawn.height < READABLE) return false;
  return drawn.left >= around.left && drawn.right <= around.right && drawn.top >= around.top && drawn.bottom <= around.bottom;
}

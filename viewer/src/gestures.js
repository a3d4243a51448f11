// Mouse, wheel, touch: what moves the window over the scene.

/** @typedef {{ pan: (x: number, y: number, wheel: boolean) => boolean, zoom: (factor: number, x: number, y: number) => void, tap: (target: Element) => void }} Moves */

/** A pointer that moved less than this many pixels has tapped. */
const STILL = 4;
/** Pixels of one line or page of a wheel that counts so. */
const UNITS = [1, 16, 400];

/**
 * Listens on an element: one pointer drags, two pinch, the wheel zooms with Ctrl (as a pinch on a touchpad does) and pans sideways; up
 * and down it is the page's, as if no picture were there.
 * @param {Element & { setPointerCapture: (id: number) => void, getBoundingClientRect: () => DOMRect }} element
 * @param {Moves} moves
 */
export function listen(element, moves) {
  /** @type {Map<number, PointerEvent>} */
  const down = new Map();
  /** @type {{ target: Element, x: number, y: number, moved: boolean } | null} */
  let tap = null;

  const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ listener) =>
    element.addEventListener(name, listener, { passive: false });

  on("pointerdown", (event) => {
    if (event.button !== 0) return;
    down.set(event.pointerId, event);
    tap = down.size === 1 ? { target: event.target, x: event.clientX, y: event.clientY, moved: false } : null;
  });
  on("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    if (tap && !tap.moved && Math.hypot(event.clientX - tap.x, event.clientY - tap.y) < STILL) return;
    if (tap && !tap.moved) element.setPointerCapture(event.pointerId);
    if (tap) tap.moved = true;
    moved(down, before, event, element.getBoundingClientRect(), moves);
    down.set(event.pointerId, event);
  });
  const up = (/** @type {PointerEvent} */ event) => {
    down.delete(event.pointerId);
    if (tap && !tap.moved && event.type === "pointerup") moves.tap(tap.target);
    tap = null;
  };
  on("pointerup", up);
  on("pointercancel", up);
  on("wheel", (event) => {
    const { left, top } = element.getBoundingClientRect();
    const unit = UNITS[event.deltaMode];
    const sideways = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
    if (event.ctrlKey || event.metaKey) moves.zoom(Math.exp(-event.deltaY * unit * 0.008), event.clientX - left, event.clientY - top);
    else if (!event.shiftKey && Math.abs(sideways) <= Math.abs(event.deltaY)) return;
    else if (!moves.pan(-sideways * unit, 0, true)) return;
    event.preventDefault();
  });
}

/**
 * One pointer of those that are down has moved.
 * @param {Map<number, PointerEvent>} down
 * @param {PointerEvent} before
 * @param {PointerEvent} after
 * @param {DOMRect} place
 * @param {Moves} moves
 */
function moved(down, before, after, place, moves) {
  const other = [...down.values()].find(({ pointerId }) => pointerId !== after.pointerId);
  if (!other) {
    moves.pan(after.clientX - before.clientX, after.clientY - before.clientY, false);
    return;
  }
  const apart = (/** @type {PointerEvent} */ one) => Math.max(1, Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
  moves.zoom(
    apart(after) / apart(before),
    (after.clientX + other.clientX) / 2 - place.left,
    (after.clientY + other.clientY) / 2 - place.top,
  );
  moves.pan((after.clientX - before.clientX) / 2, (after.clientY - before.clientY) / 2, false);
}

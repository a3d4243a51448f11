// Where everything lies while parts are opened in place. Pure: the page's data and a set of keys in, places out.
import { along, stretch } from "./maps.js";
import { gutterLines, labelPlace, rerouted, sideOf, simplified } from "./routes.js";

/** @typedef {import("./types.js").Box} Box */
/** @typedef {import("./types.js").Arrow} Arrow */
/** @typedef {import("./types.js").Part} Part */
/** @typedef {import("./maps.js").Axis} Axis */
/** @typedef {import("./routes.js").Point} Point */

/**
 * A box in the coordinates of its part; `inside` is there while it is open, with the lines that join its arrows to those outside.
 * @typedef {{ box: Box, x: number, y: number, w: number, h: number, inside: PartPlace | null, links: Map<Arrow, Point[][]> }} Place
 */

/**
 * An arrow in the coordinates of its part. A joined end goes on in an opened box, so no head is drawn there.
 * @typedef {{ arrow: Arrow, points: Point[], label: Point | null, startJoined: boolean, endJoined: boolean }} Route
 */

/**
 * A part as it lies now.
 * @typedef {{ part: Part, w: number, h: number, places: Place[], routes: Route[] }} PartPlace
 */

/** Room at the top of an opened box for its title, at its sides for the lines that join, and at its foot. */
export const HEADER = 30;
export const GUTTER = 28;
export const FOOT = 14;

/**
 * The scene of a page: `layout(opened)` gives the root as it lies with these boxes open, `find(key)` a box with the boxes around it.
 * Between two calls only the parts that changed, and those around them, are laid out again.
 * @param {Part} root
 */
export function createScene(root) {
  const known = indexed(root);
  /** @type {Map<Part, PartPlace>} */
  const laid = new Map();
  /** @type {ReadonlySet<string>} */
  let before = new Set();

  /** @param {Part} part @returns {PartPlace} */
  function place(part) {
    let result = laid.get(part);
    if (!result) {
      /** @type {Map<Box, PartPlace>} */
      const open = new Map();
      for (const box of part.boxes) if (box.inside && before.has(box.key)) open.set(box, place(box.inside));
      result = laidOut(part, open);
      laid.set(part, result);
    }
    return result;
  }

  return {
    /** @param {ReadonlySet<string>} opened @returns {PartPlace} */
    layout(opened) {
      for (const key of changed(before, opened)) forget(known, laid, key);
      before = new Set(opened);
      return place(root);
    },
    /** @param {string} key */
    find: (key) => known.get(key) ?? null,
  };
}

/** @typedef {{ box: Box, part: Part, around: Box[] }} Found */

/**
 * Every box by its key, with its part and the boxes around it, outermost first.
 * @param {Part} root
 * @returns {Map<string, Found>}
 */
function indexed(root) {
  /** @type {Map<string, Found>} */
  const known = new Map();
  /** @type {{ part: Part, around: Box[] }[]} */
  const waiting = [{ part: root, around: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const box of next.part.boxes) {
      known.set(box.key, { box, ...next });
      if (box.inside) waiting.push({ part: box.inside, around: [...next.around, box] });
    }
  }
  return known;
}

/**
 * The keys that are in one of two sets only.
 * @param {ReadonlySet<string>} before
 * @param {ReadonlySet<string>} after
 */
function changed(before, after) {
  return [...[...before].filter((key) => !after.has(key)), ...[...after].filter((key) => !before.has(key))];
}

/**
 * Forgets how the parts around a box lie.
 * @param {Map<string, Found>} known
 * @param {Map<Part, PartPlace>} laid
 * @param {string} key
 */
function forget(known, laid, key) {
  const found = known.get(key);
  if (!found) return;
  laid.delete(found.part);
  for (const box of found.around) forget(known, laid, box.key);
}

/**
 * One part with some of its boxes open.
 * @param {Part} part
 * @param {Map<Box, PartPlace>} open
 * @returns {PartPlace}
 */
function laidOut(part, open) {
  const arrows = (part.arrows ?? []).map((arrow) => ({ arrow, points: simplified(arrow.points) }));
  const ends = endsByBox(part, arrows);
  const frames = new Map([...open].map(([box, inside]) => [box, frameOf(box, inside, ends.get(box.key) ?? [])]));
  const axes = axesOf(frames);
  const places = part.boxes.map((box) => placed(box, frames.get(box), axes, ends.get(box.key) ?? []));
  const byKey = new Map(places.map((place) => [place.box.key, place]));
  const routes = arrows.map(({ arrow, points }) => routed(arrow, points, axes, byKey));
  for (const place of places) if (place.inside) join(place, place.inside, routes);
  return { part, w: along(axes.x, part.w), h: along(axes.y, part.h), places, routes };
}

/** @typedef {{ arrow: Arrow, point: Point, enters: boolean }} End */

/**
 * The ends of arrows at each box.
 * @param {Part} part
 * @param {{ arrow: Arrow, points: Point[] }[]} arrows
 */
function endsByBox(part, arrows) {
  /** @type {Map<string, End[]>} */
  const ends = new Map(part.boxes.map(({ key }) => [key, []]));
  for (const { arrow, points } of arrows) {
    ends.get(arrow.from ?? "")?.push({ arrow, point: points[0], enters: false });
    ends.get(arrow.to ?? "")?.push({ arrow, point: points[points.length - 1], enters: true });
  }
  return ends;
}

/** @typedef {{ inside: PartPlace, w: number, h: number, outer: number, inner: number }} Frame */

/**
 * The size of an opened box, and the two heights that are to meet: of an arrow outside and of the same value inside.
 * @param {Box} box
 * @param {PartPlace} inside
 * @param {End[]} ends
 * @returns {Frame}
 */
function frameOf(box, inside, ends) {
  const w = Math.max(box.w, inside.w + 2 * GUTTER);
  const h = Math.max(box.h, inside.h + HEADER + FOOT);
  for (const { arrow, point, enters } of ends) {
    const goesOn = inside.routes.find((route) => joins(route.arrow, arrow, enters));
    if (goesOn)
      return { inside, w, h, outer: Math.min(Math.max(point[1], box.y), box.y + box.h - 1), inner: HEADER + borderHeight(goesOn, enters) };
  }
  return { inside, w, h, outer: box.y, inner: 0 };
}

/**
 * Whether an arrow inside of a box carries on what one outside brings to it (or takes on what it brings).
 * @param {Arrow} inner
 * @param {Arrow} outer
 * @param {boolean} enters
 */
function joins(inner, outer, enters) {
  if (enters ? inner.from : inner.to) return false;
  return (inner.values ?? []).some((value) => outer.values?.includes(value));
}

/**
 * The height at which an inner arrow meets the left or the right border.
 * @param {Route} route
 * @param {boolean} left
 */
function borderHeight({ points }, left) {
  return points[left ? 0 : points.length - 1][1];
}

/**
 * The two maps that make room for the frames.
 * @param {Map<Box, Frame>} frames
 */
function axesOf(frames) {
  /** @type {import("./maps.js").Span[]} */
  const across = [];
  /** @type {import("./maps.js").Span[]} */
  const down = [];
  for (const [box, { w, h, outer, inner }] of frames) {
    across.push({ start: box.x, end: box.x + box.w, size: w, far: "end" });
    if (outer > box.y) down.push({ start: box.y, end: outer, size: inner, far: "start" });
    down.push({ start: outer, end: box.y + box.h, size: h - inner, far: "end" });
  }
  return { x: stretch(across), y: stretch(down) };
}

/**
 * Where a box lies. A closed one keeps its size and the height of (most of) its arrows.
 * @param {Box} box
 * @param {Frame | undefined} frame
 * @param {{ x: Axis, y: Axis }} axes
 * @param {End[]} ends
 * @returns {Place}
 */
function placed(box, frame, axes, ends) {
  const left = along(axes.x, box.x);
  const room = along(axes.x, box.x + box.w) - left;
  const w = frame?.w ?? box.w;
  const x = left + (room - w) / 2;
  if (frame) return { box, x, y: along(axes.y, frame.outer) - frame.inner, w, h: frame.h, inside: frame.inside, links: new Map() };
  return { box, x, y: box.y + moved(box, axes.y, ends), w, h: box.h, inside: null, links: new Map() };
}

/**
 * How far down a closed box goes: as far as most of its arrows do.
 * @param {Box} box
 * @param {Axis} axis
 * @param {End[]} ends
 */
function moved(box, axis, ends) {
  if (!axis.from.length) return 0;
  const heights = ends.length ? ends.map(({ point }) => point[1]) : [box.y + box.h / 2];
  /** @type {Map<number, number>} */
  const votes = new Map();
  for (const height of heights) {
    const by = Math.round((along(axis, height) - height) * 100) / 100;
    votes.set(by, (votes.get(by) ?? 0) + 1);
  }
  return [...votes].reduce((best, next) => (next[1] > best[1] ? next : best))[0];
}

/**
 * An arrow between two places.
 * @param {Arrow} arrow
 * @param {Point[]} points
 * @param {{ x: Axis, y: Axis }} axes
 * @param {Map<string, Place>} places
 * @returns {Route}
 */
function routed(arrow, points, axes, places) {
  const from = places.get(arrow.from ?? "");
  const to = places.get(arrow.to ?? "");
  const start = from ? endAt(from, points[0], axes) : null;
  const end = to ? endAt(to, points[points.length - 1], axes) : null;
  const route = rerouted(points, axes, start, end);
  const label = arrow.at ? labelPlace(points, route, arrow.at) : null;
  return { arrow, points: route, label, startJoined: false, endJoined: false };
}

/**
 * Where an arrow's end lies on the border of its box.
 * @param {Place} place
 * @param {Point} point
 * @param {{ x: Axis, y: Axis }} axes
 * @returns {Point}
 */
function endAt({ box, x, y, w, h, inside }, point, axes) {
  const side = sideOf(box, point);
  const within = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ size) =>
    Math.min(Math.max(value, low + 1), low + size - 1);
  const down = inside ? within(along(axes.y, point[1]), y, h) : y + point[1] - box.y;
  const across = inside ? within(along(axes.x, point[0]), x, w) : x + point[0] - box.x;
  if (side === "left") return [x, down];
  if (side === "right") return [x + w, down];
  return [across, side === "top" ? y : y + h];
}

/**
 * Joins the arrows outside of an opened box with those inside that carry the same values.
 * @param {Place} place
 * @param {PartPlace} inside
 * @param {Route[]} routes
 */
function join(place, inside, routes) {
  for (const enters of [true, false]) {
    const outer = routes.filter(({ arrow }) => (enters ? arrow.to : arrow.from) === place.box.key);
    const pairs = outer.flatMap((route) =>
      inside.routes.filter((inner) => joins(inner.arrow, route.arrow, enters)).map((inner) => ({ route, inner })),
    );
    const heights = pairs.map(({ route, inner }) => {
      const outside = borderHeight(route, !enters) - place.y - HEADER;
      const within = borderHeight(inner, enters);
      return enters ? { a: outside, b: within } : { a: within, b: outside };
    });
    const right = place.w - GUTTER;
    const lines = enters ? gutterLines(heights, -GUTTER, 0) : gutterLines(heights, inside.w, right);
    pairs.forEach(({ route, inner }, index) => {
      if (enters) route.endJoined = true;
      else route.startJoined = true;
      place.links.set(inner.arrow, [...(place.links.get(inner.arrow) ?? []), lines[index]]);
    });
  }
}

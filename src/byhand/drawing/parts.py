"""Every group becomes a part: its boxes measured, its arrows labelled, both put in their places."""

from dataclasses import replace

from byhand.drawing.arrows import arrow_of
from byhand.drawing.boxes import box_of, moved
from byhand.drawing.contents import Contents
from byhand.drawing.joins import BORDER, Ghost, Joins, key_of
from byhand.drawing.layout import Places, Point, Size, Wire, places
from byhand.drawing.metrics import width_of
from byhand.drawing.tree import Group, Item, from_below
from byhand.explanation.labels import Labels
from byhand.picture import Arrow, Box, Kind, Part
from byhand.render.geometry import PLATE, SIZES
from byhand.results import Leaf

AROUND = 20  # pixels around the boxes of a part
STEP = 8  # labels get room in steps of so many pixels, so that parts of the same build get the same places
SPINE = 3.0  # the way of what is worked out is kept so much straighter than that of a weight


class Parts:
    """The parts of one tree of groups, made from the inside out."""

    def __init__(self, labels: Labels, contents: Contents, joins: Joins) -> None:
        self._labels, self._contents, self._joins = labels, contents, joins
        self._known: dict[str, Places] = {}
        self._made: dict[str, Part] = {}

    def draw(self, root: Group) -> Part:
        """The part of the outermost group, the others inside. Raises NoPicture."""
        for group in from_below(root):
            self._made[group.key] = self._part(group)
        return self._made[root.key]

    def _part(self, group: Group) -> Part:
        inside = self._joins.inside[group.key]
        boxes = [self._ghost(ghost) for ghost in inside.ghosts] + [self._item(item) for item in group.items]
        arrows = [arrow_of(*ends, join, self._labels, self._contents) for ends, join in inside.joins.items()]
        return placed(Part(group.key, group.title, 0.0, 0.0, tuple(boxes), tuple(arrows)), self._known)

    def _item(self, item: Item) -> Box:
        if not isinstance(item, Group):
            return box_of(key_of(item), Kind.OPERATION, self._contents.operation(item))
        content = self._contents.module(item.title, item.steps, self._joins.leaves_of(item), count=item.count)
        return box_of(item.key, item.kind, content, self._made[item.key])

    def _ghost(self, ghost: Ghost) -> Box:
        if isinstance(ghost.what, Leaf):
            return box_of(ghost.key, Kind.WEIGHT, self._contents.weight(ghost.what))
        return box_of(ghost.key, Kind.CONSTANT, self._contents.constant(*ghost.what))


def placed(part: Part, known: dict[str, Places]) -> Part:
    """The part with its boxes and arrows in their places. Raises NoPicture."""
    numbers = {box.key: number for number, box in enumerate(part.boxes)}
    sizes = [Size(box.width, box.height) for box in part.boxes]
    wires = []
    for arrow in part.arrows:
        ends = _crossing(arrow)
        for end, rank in zip(ends, ("first", "last"), strict=True):
            if end not in numbers:
                numbers[end] = len(sizes)
                sizes.append(Size(0.0, 0.0, rank))
        wires.append(Wire(numbers[ends[0]], numbers[ends[1]], _room(arrow), SPINE if arrow.flows and arrow.source[:1] != "w" else 1.0))
    found = places(sizes, wires, known)
    boxes = tuple(moved(box, x + AROUND, y + AROUND) for box, (x, y) in zip(part.boxes, found.boxes, strict=False))
    wide = found.width + 2 * AROUND
    ways = zip(part.arrows, found.lines, found.labels, strict=True)
    arrows = tuple(replace(arrow, points=_way(arrow, line, wide), label_at=label and _shifted(label)) for arrow, line, label in ways)
    return replace(part, width=wide, height=found.height + 2 * AROUND, boxes=boxes, arrows=arrows)


def _crossing(arrow: Arrow) -> tuple[str, str]:
    """The ends of an arrow, a place of its own at a border for every value that comes in and every box from which something goes out."""
    values = " ".join(arrow.values)
    return arrow.source or f"in {values}", arrow.target or f"out {arrow.source}"


def _room(arrow: Arrow) -> Point | None:
    if not arrow.label:
        return None
    wide = width_of(arrow.label, SIZES["label"]) + 2 * PLATE["across"]
    return -(-wide // STEP) * STEP, float(PLATE["above"] + PLATE["below"])


def _shifted(point: Point) -> Point:
    return point[0] + AROUND, point[1] + AROUND


def _way(arrow: Arrow, line: tuple[Point, ...], wide: float) -> tuple[Point, ...]:
    """The line of an arrow, drawn out to the borders."""
    points = [_shifted(point) for point in line]
    if arrow.source == BORDER:
        points[0] = (0.0, points[0][1])
    if arrow.target == BORDER:
        points[-1] = (wide, points[-1][1])
    return tuple(points)

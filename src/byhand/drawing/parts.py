"""Every group becomes a part: its boxes measured, its arrows labelled, both put in their places."""

from collections import Counter
from collections.abc import Sequence

from byhand.drawing.arrows import arrow_of, led
from byhand.drawing.boxes import Measured, measured
from byhand.drawing.columns import spread
from byhand.drawing.contents import Contents
from byhand.drawing.crowds import content_of, crowd_content, how_many
from byhand.drawing.joins import BORDER, Crowd, Ghost, Joins, key_of
from byhand.drawing.layout import Engine, Point, Size, Wire
from byhand.drawing.metrics import width_of
from byhand.drawing.tree import Group, Item, from_below
from byhand.picture import Arrow, Box, Kind, Part
from byhand.render.geometry import PLATE, SIZES
from byhand.results import Leaf

AROUND = 20.0  # pixels around the boxes of a part, and between its rows of boxes that nothing joins
ROW = 1200.0  # pixels of such a row
DOT = 1.0  # pixels across of a gate, the place where arrows cross a border
PORT = 20.0  # pixels for each arrow along the side of a box or a gate
SPINE = 3.0  # the way of what is worked out is kept so much straighter than that of a weight


class Parts:
    """The parts of one tree of groups, made from the inside out."""

    def __init__(self, contents: Contents, joins: Joins) -> None:
        self._contents, self._joins = contents, joins
        self._engine = Engine(fast=contents.large)
        self._made: dict[str, Part] = {}

    def draw(self, root: Group) -> Part:
        """The part of the outermost group, the others inside. Raises NoPicture."""
        for group in from_below(root):
            self._made[group.key] = self._part(group)
        return self._made[root.key]

    def _part(self, group: Group) -> Part:
        inside = self._joins.inside[group.key]
        beside = not group.path and any(isinstance(item, Group) and item.kind is not Kind.STRETCH for item in group.items)
        boxes = [self._ghost(ghost) for ghost in inside.ghosts] + [self._item(item, beside=beside) for item in group.items]
        arrows = [arrow_of(*ends, join, self._contents, beside=beside) for ends, join in inside.joins.items()]
        return placed(group.key, group.title, boxes, arrows, self._engine)

    def _item(self, item: Item, *, beside: bool) -> Measured:
        if not isinstance(item, Group):
            return measured(key_of(item), Kind.OPERATION, self._contents.operation(item, beside=beside))
        content = self._contents.module(item.title, item.steps, self._joins.leaves_of(item), count=item.count)
        return measured(item.key, item.kind, content, self._made[item.key])

    def _ghost(self, ghost: Ghost | Crowd) -> Measured:
        if isinstance(ghost, Crowd):
            return measured(ghost.key, Kind.STRETCH, crowd_content(ghost, self._contents), self._crowd(ghost))
        return measured(ghost.key, Kind.WEIGHT if isinstance(ghost.what, Leaf) else Kind.CONSTANT, content_of(ghost, self._contents))

    def _crowd(self, crowd: Crowd) -> Part:
        inside = self._joins.inside[crowd.key]
        arrows = [arrow_of(*ends, join, self._contents, beside=False) for ends, join in inside.joins.items()]
        return placed(crowd.key, how_many(crowd.ghosts), [self._ghost(ghost) for ghost in inside.ghosts], arrows, self._engine)


def placed(key: str, title: str, boxes: Sequence[Measured], arrows: Sequence[Arrow], engine: Engine) -> Part:
    """The part of these boxes and arrows, all in their places. Raises NoPicture."""
    ends = [_ends(arrow) for arrow in arrows]
    lines = Counter(end for pair in ends for end in pair)
    joined, alone = [box for box in boxes if box.key in lines], [box for box in boxes if box.key not in lines]
    sizes = _sizes(joined, arrows, lines)
    numbers = {end: number for number, end in enumerate(sizes)}
    wires = [Wire(numbers[source], numbers[target], _weight(arrow)) for (source, target), arrow in zip(ends, arrows, strict=True)]
    found = spread(engine.places([*sizes.values()], wires), [*sizes.values()], wires, [_room(arrow) for arrow in arrows])
    at = zip(joined, found.corners, strict=False)
    stand = [box.placed(x + AROUND, y + AROUND, sizes[box.key].height) for box, (x, y) in at]
    stand += _in_rows(alone, found.height + 2 * AROUND if joined else AROUND)
    wide = max([found.width + AROUND, *(box.x + box.width for box in stand)]) + AROUND
    high = max([found.height + AROUND, *(box.y + box.height for box in stand)]) + AROUND
    ways = zip(arrows, found.lines, found.labels, strict=True)
    drawn = tuple(led(arrow, _way(arrow, line, wide), label and _shifted(label)) for arrow, line, label in ways)
    return Part(key, title, wide, high, tuple(stand), drawn)


def _sizes(boxes: Sequence[Measured], arrows: Sequence[Arrow], lines: Counter[str]) -> dict[str, Size]:
    """The sizes of boxes and gates by their names, all high enough for the arrows at their sides."""
    starts, ends = Counter(arrow.source for arrow in arrows), Counter(arrow.target for arrow in arrows)
    sizes = {box.key: Size(box.width, max(box.height, PORT * starts[box.key], PORT * ends[box.key])) for box in boxes}
    for end, count in lines.items():
        if end not in sizes:
            sizes[end] = Size(DOT, PORT * count, "first" if end.startswith("in ") else "last")
    return sizes


def _ends(arrow: Arrow) -> tuple[str, str]:
    """The ends of an arrow, a gate of its own at a border for every value that comes in and every box from which something goes out."""
    return arrow.source or f"in {' '.join(arrow.values)}", arrow.target or f"out {arrow.source}"


def _in_rows(boxes: Sequence[Measured], y: float) -> list[Box]:
    """Boxes that nothing joins, side by side below the others."""
    found: list[Box] = []
    x, below = AROUND, y
    for box in boxes:
        if x > AROUND and x + box.width > ROW:
            x, y = AROUND, below + AROUND
        found.append(box.placed(x, y, box.height))
        x, below = x + box.width + AROUND, max(below, y + box.height)
    return found


def _weight(arrow: Arrow) -> float:
    return SPINE if arrow.flows and not arrow.source.startswith("w") else 1.0


def _room(arrow: Arrow) -> float:
    return width_of(arrow.label, SIZES["label"]) + 2 * PLATE["across"] if arrow.label else 0.0


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

"""How far apart the columns stand: between two of them is room first for the lines that turn, then for the labels."""

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from byhand.drawing.layout import Places, Point, Size, Wire

LEAD = 18.0  # pixels before the first turn: an arrow's head and a piece of its line
TURN = 8.0  # from one turn to the next
TURNS = 160.0  # all turns between two columns at most, if they need not be closer than 2
BEFORE = 8.0  # before a label
TAIL = 18.0  # behind the last label: a piece of the line and an arrow's head
APART = 13.0  # from the middle of one label to that of the next below
NEAR = 0.05


@dataclass(frozen=True, slots=True)
class Spread:
    """Everything in its final place: corners of boxes, lines, middles of labels (None where there is none), and the size of the whole."""

    corners: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...]
    labels: tuple[Point | None, ...]
    width: float
    height: float


class _Column:
    """One column: from where to where it went, where it begins now, the turns behind it and the labels before it."""

    def __init__(self, left: float, right: float) -> None:
        self.left, self.right, self.start = left, right, 0.0
        self.turns: set[float] = set()
        self.lanes: list[float] = []
        self.labels: dict[int, tuple[int, float]] = {}
        self._step, self._order = TURN, list[float]()

    def settle(self, before: "_Column | None") -> None:
        """Find the place to begin at, behind the turns of the column before and the labels."""
        self._order = sorted(self.turns)
        self._step = min(TURN, max(2.0, TURNS / max(len(self._order), 1)))
        if before is not None:
            turns = LEAD + before._step * max(len(before._order) - 1, 0)
            self.start = before.start + before.right - before.left + turns + sum(wide + BEFORE for wide in self.lanes) + TAIL

    def moved(self, x: float) -> float:
        """Where a point in this column or in the room behind it comes to."""
        if x <= self.right + NEAR:
            return round(self.start + x - self.left, 1)
        return round(self.start + self.right - self.left + LEAD + self._step * (bisect_right(self._order, x + NEAR) - 1), 1)

    def hold(self, labels: Sequence[tuple[float, float, int]]) -> None:
        """Put labels (where, how wide, of which wire) below one another; one that is too close to the one above in a lane further left."""
        lowest: list[float] = []
        for y, wide, number in sorted(labels):
            lane = next((lane for lane, last in enumerate(lowest) if y - last >= APART), len(lowest))
            if lane == len(lowest):
                lowest.append(y)
                self.lanes.append(0.0)
            lowest[lane], self.lanes[lane] = y, max(self.lanes[lane], wide)
            self.labels[number] = lane, y

    def middle(self, number: int) -> Point | None:
        """Where the middle of a wire's label is, None for one without."""
        if number not in self.labels:
            return None
        lane, y = self.labels[number]
        return round(self.start - TAIL - sum(wide + BEFORE for wide in self.lanes[:lane]) - self.lanes[lane] / 2, 1), round(y, 1)


def spread(found: Places, sizes: Sequence[Size], wires: Sequence[Wire], labels: Sequence[float]) -> Spread:
    """The places with as much room between the columns as lines and labels need; `labels` are the widths, 0 for none.

    Every label stands on its line before the column in which it ends: there no line turns.
    """
    columns = _columns(found, sizes)
    starts = [column.left for column in columns]

    def column_of(x: float) -> _Column:
        return columns[max(bisect_right(starts, x + NEAR) - 1, 0)]

    for x in {x for line in found.lines for x, _ in line[1:-1]}:
        if x > column_of(x).right + NEAR:
            column_of(x).turns.add(round(x, 1))
    before: dict[int, list[tuple[float, float, int]]] = {}
    for number, (wire, wide) in enumerate(zip(wires, labels, strict=True)):
        if wide:
            place = found.columns[wire.target]
            before.setdefault(place, []).append((_height(found.lines[number], starts[place]), wide, number))
    for place, its in before.items():
        columns[place].hold(its)
    for column, last in zip(columns, [None, *columns], strict=False):
        column.settle(last)
    return Spread(
        tuple((column_of(x).moved(x), round(y, 1)) for x, y in found.corners),
        tuple(tuple((column_of(x).moved(x), round(y, 1)) for x, y in line) for line in found.lines),
        tuple(columns[found.columns[wire.target]].middle(number) for number, wire in enumerate(wires)),
        columns[-1].moved(columns[-1].right) if columns else 0.0,
        round(_lowest(found, sizes), 1),
    )


def _columns(found: Places, sizes: Sequence[Size]) -> list[_Column]:
    """The columns from left to right."""
    columns: dict[int, _Column] = {}
    for number, (x, _), size in zip(found.columns, found.corners, sizes, strict=True):
        column = columns.setdefault(number, _Column(x, x + size.width))
        column.left, column.right = min(column.left, x), max(column.right, x + size.width)
    return [columns[number] for number in sorted(columns)]


def _height(line: Sequence[Point], x: float) -> float:
    """Where a line is just before x, where a column begins."""
    return next(y for before, (_, y) in zip(line[::-1][1:], line[::-1], strict=False) if before[0] < x - NEAR)


def _lowest(found: Places, sizes: Sequence[Size]) -> float:
    boxes = (y + size.height for (_, y), size in zip(found.corners, sizes, strict=True))
    return max(itertools.chain(boxes, (y for line in found.lines for _, y in line)), default=0.0)

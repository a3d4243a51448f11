"""The one place that knows the layout engine: sizes and ends go in, columns and ways come out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from byhand.errors import NoPicture

Point = tuple[float, float]

OPTIONS = {
    "direction": "leftright",
    "spacing": {"layer_gap": 120.0, "node_gap": 22.0, "dummy_gap": 30.0, "port_gap": 16.0, "isolated_gap": 22.0},
    "routing": {"port_sides": "facing_only"},
    "tuning": {"routing": {"port_relax_clear": 17.0}},
    "limits": {"max_dummies": 200_000},
}
SLANT = 1.0  # pixels


@dataclass(frozen=True, slots=True)
class Size:
    """A box to be placed; `rank` "first" or "last" keeps it at the left or right border."""

    width: float
    height: float
    rank: str = "free"


@dataclass(frozen=True, slots=True)
class Wire:
    """A line from one box to another, by their numbers; a heavy one is kept straight."""

    source: int
    target: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Places:
    """The column of each box and its top left corner, and the lines from border to border."""

    columns: tuple[int, ...]
    corners: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...]


class Engine:
    """The layout engine; it remembers what it was asked, since parts of the same build have the same places."""

    def __init__(self, *, fast: bool = False) -> None:
        self._options = {**OPTIONS, "effort": "fast"} if fast else OPTIONS
        self._known: dict[str, Places] = {}

    def places(self, sizes: Sequence[Size], wires: Sequence[Wire]) -> Places:
        """Boxes in columns from left to right, lines with right angles; `fast` allows a few crossings more. Raises NoPicture."""
        graph = {"nodes": [_node(size) for size in sizes], "edges": [_edge(wire) for wire in wires]}
        request = json.dumps({"graph": graph, "options": self._options})
        if request not in self._known:
            self._known[request] = _read(_laid_out(request)) if sizes else Places((), (), ())
        return self._known[request]


def _node(size: Size) -> dict[str, Any]:
    return {"size": {"width": size.width, "height": size.height}, "rank": size.rank}


def _edge(wire: Wire) -> dict[str, Any]:
    return {"source": wire.source, "target": wire.target, "weight": wire.weight}


def _laid_out(request: str) -> dict[str, Any]:
    try:
        from graphlay import _native
    except ImportError:
        raise NoPicture from None
    try:
        answer: dict[str, Any] = json.loads(_native.layout(request))
    except ValueError as refused:
        raise NoPicture(str(refused)) from None
    return answer


def _read(answer: dict[str, Any]) -> Places:
    """The engine's answer, moved so that nothing is above 0."""
    columns = {rank: number for number, rank in enumerate(sorted({node["rank"] or 0 for node in answer["nodes"]}))}
    middles, sizes = [node["center"] for node in answer["nodes"]], [node["size"] for node in answer["nodes"]]
    top = answer["bounds"]["min"]["y"]
    return Places(
        tuple(columns[node["rank"] or 0] for node in answer["nodes"]),
        tuple((at["x"] - size["width"] / 2, at["y"] - size["height"] / 2 - top) for at, size in zip(middles, sizes, strict=True)),
        tuple(_straight([(at["x"], at["y"] - top) for at in edge["points"]]) for edge in answer["edges"]),
    )


def _straight(line: Sequence[Point]) -> tuple[Point, ...]:
    """The line without slants of a pixel or less, which the engine leaves now and then, and without points where it goes straight on."""
    points = [line[0]]
    for x, y in line[1:]:
        last_x, last_y = points[-1]
        point = last_x if abs(x - last_x) < SLANT else x, last_y if abs(y - last_y) < SLANT else y
        if len(points) > 1 and (points[-2][0] == last_x == point[0] or points[-2][1] == last_y == point[1]):
            points.pop()
        points.append(point)
    return tuple(points)

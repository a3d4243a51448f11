"""The one place that knows the layout engine: sizes and edges go in, coordinates come out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from byhand.errors import NoPicture

Point = tuple[float, float]

SPACING = {"layer_gap": 44.0, "node_gap": 22.0, "dummy_gap": 18.0, "port_gap": 16.0, "isolated_gap": 22.0, "edge_label_margin": 40.0}
OPTIONS = {
    "direction": "leftright",
    "spacing": SPACING,
    "routing": {"port_sides": "facing_only"},
    "labels": {"reservation": "always", "placement": "gap_centre"},
    "limits": {"max_dummies": 200_000},
}


@dataclass(frozen=True, slots=True)
class Size:
    """A box to be placed; `rank` "first" or "last" keeps it at the left or right border."""

    width: float
    height: float
    rank: str = "free"


@dataclass(frozen=True, slots=True)
class Wire:
    """A line from one box to another, by their numbers, with room for a label of this size; a heavy one is kept straight."""

    source: int
    target: int
    label: Point | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Places:
    """The top left corners of the boxes, the lines from border to border, the middles of the labels, and the size of the whole."""

    boxes: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...]
    labels: tuple[Point | None, ...]
    width: float
    height: float


def places(sizes: Sequence[Size], wires: Sequence[Wire], known: dict[str, Places]) -> Places:
    """Boxes in columns from left to right, lines with right angles. Raises NoPicture.

    `known` remembers: parts of the same build have the same places.
    """
    request = json.dumps({"graph": {"nodes": [_node(size) for size in sizes], "edges": [_edge(wire) for wire in wires]}, "options": OPTIONS})
    if request not in known:
        known[request] = _read(_laid_out(request)) if sizes else Places((), (), (), 0.0, 0.0)
    return known[request]


def _node(size: Size) -> dict[str, Any]:
    return {"size": {"width": size.width, "height": size.height}, "rank": size.rank}


def _edge(wire: Wire) -> dict[str, Any]:
    label = {"label_size": {"width": wire.label[0], "height": wire.label[1]}} if wire.label else {}
    return {"source": wire.source, "target": wire.target, "weight": wire.weight, **label}


def _laid_out(request: str) -> dict[str, Any]:
    try:
        from graphlay import _native
    except ImportError as missing:
        raise NoPicture(str(missing)) from None
    try:
        answer: dict[str, Any] = json.loads(_native.layout(request))
    except ValueError as refused:
        raise NoPicture(str(refused)) from None
    return answer


def _read(answer: dict[str, Any]) -> Places:
    """The engine's answer, moved so that everything is right of and below (0, 0)."""
    left, top = answer["bounds"]["min"]["x"], answer["bounds"]["min"]["y"]

    def point(at: dict[str, float]) -> Point:
        return round(at["x"] - left, 1), round(at["y"] - top, 1)

    corners = [(node["center"], node["size"]) for node in answer["nodes"]]
    return Places(
        tuple((round(c["x"] - s["width"] / 2 - left, 1), round(c["y"] - s["height"] / 2 - top, 1)) for c, s in corners),
        tuple(tuple(point(at) for at in edge["points"]) for edge in answer["edges"]),
        tuple(point(edge["label_anchor"]) if edge.get("label_anchor") else None for edge in answer["edges"]),
        round(answer["bounds"]["max"]["x"] - left, 1),
        round(answer["bounds"]["max"]["y"] - top, 1),
    )

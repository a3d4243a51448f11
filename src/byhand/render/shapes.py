"""The lines of a picture: arrows with round corners, and their heads."""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from byhand.render.geometry import HEAD, RADIUS

Point = tuple[float, float]


def rounded(points: Sequence[Point]) -> str:
    """A path along these points, its corners round."""
    path = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(RADIUS, _distance(before, corner) / 2, _distance(corner, after) / 2)
        path.append(f"L{_at(_towards(corner, before, radius))}Q{_at(corner)} {_at(_towards(corner, after, radius))}")
    return "".join([*path, f"L{_at(points[-1])}"])


def head(points: Sequence[Point], *, forward: bool) -> str:
    """The triangle at the end of an arrow, or, for what comes back, at its beginning."""
    return "M" + "L".join(map(_at, head_points(points, forward=forward))) + "z"


def head_points(points: Sequence[Point], *, forward: bool) -> list[Point]:
    """The tip of a head and its other two corners."""
    ordered = [*points] if forward else [*reversed(points)]
    tip = ordered[-1]
    origin = next((point for point in reversed(ordered[:-1]) if point != tip), (tip[0] - 1, tip[1]))
    middle = _towards(tip, origin, HEAD["long"])
    across = ((tip[1] - middle[1]) / HEAD["long"] * HEAD["wide"] / 2, (middle[0] - tip[0]) / HEAD["long"] * HEAD["wide"] / 2)
    return [tip, (middle[0] + across[0], middle[1] + across[1]), (middle[0] - across[0], middle[1] - across[1])]


def length(points: Sequence[Point]) -> float:
    """How long a way is."""
    return sum(_distance(*pair) for pair in pairwise(points))


def _at(point: Point) -> str:
    return f"{round(point[0], 1):g} {round(point[1], 1):g}"


def _distance(one: Point, other: Point) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point this far from the start on the way to the end."""
    whole = _distance(start, end)
    part = distance / whole if whole else 0.0
    return (start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)

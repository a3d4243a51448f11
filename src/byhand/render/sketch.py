"""A tensor drawn small: a heat map of its elements and a histogram with the range below it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from byhand.picture import Sketch
from byhand.render.geometry import LEVELS, MOST_CELLS, SIZES, SKETCH
from byhand.render.markup import element, escape

Colours = Callable[[str], dict[str, object]]
STRANGE: Final = 99  # the shade of a cell in which something is not finite


def drawn_sketch(sketch: Sketch, colours: Colours) -> Iterator[str]:
    """The elements of the sketch, its top left at (0, 0)."""
    yield from _map(sketch, colours)
    yield from _histogram(sketch, colours)
    if sketch.nonfinite:
        place = {"x": 0, "y": SKETCH["height"] + SKETCH["note"] - 3}
        yield element("text", escape(sketch.nonfinite), class_="differs", **place, font_size=SIZES["label"], **colours("differs"))


def shaded(levels: Sequence[Sequence[float | None]]) -> list[list[tuple[int, int, int]]]:
    """The rows of a heat map as (first column, columns, shade from −8 to 8), equal neighbours joined, in fewer shades if they are many."""
    for shades in (LEVELS, LEVELS // 2, LEVELS // 4, 1):
        rows = [_runs(row, shades) for row in levels]
        if sum(map(len, rows)) <= MOST_CELLS:
            break
    return rows


def _runs(row: Sequence[float | None], shades: int) -> list[tuple[int, int, int]]:
    found, at = [], 0
    for shade, cells in groupby(row, lambda level: STRANGE if level is None else round(level * shades) * LEVELS // shades):
        count = len(list(cells))
        if shade:
            found.append((at, count, shade))
        at += count
    return found


def side_of(sketch: Sketch) -> float:
    """The side of a cell of the heat map in pixels."""
    columns = max(map(len, sketch.levels), default=0)
    return min(SKETCH["cell"], SKETCH["map"] / columns, SKETCH["height"] / len(sketch.levels)) if columns else 0.0


def cells_of(sketch: Sketch) -> Iterator[tuple[float, float, float, float, int]]:
    """The coloured cells of the heat map: left, top, width, height and shade."""
    side = side_of(sketch)
    for number, row in enumerate(shaded(sketch.levels)):
        for first, count, shade in row:
            yield first * side, number * side, count * side, side, shade


def bars(counts: Sequence[int]) -> Iterator[tuple[float, float, float, float]]:
    """The bars of the histogram: left, top, width and height; what is there at all is at least a pixel high."""
    left, step, most = (
        SKETCH["map"] + SKETCH["gap"],
        (SKETCH["width"] - SKETCH["map"] - SKETCH["gap"]) / max(len(counts), 1),
        max(counts, default=0),
    )
    for number, count in enumerate(counts):
        if count:
            high = max(1.0, count / most * SKETCH["bars"])
            yield left + number * step, SKETCH["bars"] - high, max(step - 1, 0.5), high


def _map(sketch: Sketch, colours: Colours) -> Iterator[str]:
    side = side_of(sketch)
    if not side:
        return
    paths: dict[int, str] = {}
    for x, y, width, height, shade in cells_of(sketch):
        paths[shade] = paths.get(shade, "") + f"M{x:.4g} {y:.4g}h{width:.4g}v{height:.4g}h{-width:.4g}z"
    for shade, path in sorted(paths.items()):
        name = "strange" if shade == STRANGE else "plus" if shade > 0 else "minus"
        strength = None if shade == STRANGE else str(abs(shade) / LEVELS)
        yield element("path", class_=name, d=path, fill_opacity=strength, shape_rendering="crispEdges", **colours(name))
    crosses = "".join(_cross(column * side, row * side, side) for row, column in _strange(sketch))
    if crosses:
        yield element("path", class_="cross", d=crosses, fill="none", **colours("cross"))
    size = {"width": max(map(len, sketch.levels)) * side, "height": len(sketch.levels) * side}
    yield element("rect", class_="frame", **size, fill="none", stroke_width=0.5, **colours("frame"))


def _strange(sketch: Sketch) -> Iterator[tuple[int, int]]:
    return ((row, column) for row, levels in enumerate(sketch.levels) for column, level in enumerate(levels) if level is None)


def _cross(x: float, y: float, side: float) -> str:
    inner = side / 2
    return f"M{x + side / 4:g} {y + side / 4:g}l{inner:g} {inner:g}m0 {-inner:g}l{-inner:g} {inner:g}"


def _histogram(sketch: Sketch, colours: Colours) -> Iterator[str]:
    left, right, foot = SKETCH["map"] + SKETCH["gap"], SKETCH["width"], SKETCH["bars"]
    path = "".join(f"M{x:.1f} {foot}v{-high:.1f}h{wide:.1f}v{high:.1f}z" for x, _, wide, high in bars(sketch.counts))
    if path:
        yield element("path", class_="bars", d=path, **colours("bars"))
        yield element("path", class_="axis", d=f"M{left} {foot}H{right}", stroke_width=0.5, **colours("axis"))
    for text, x, anchor in ((sketch.low, left, None), (sketch.high, right, "end")):
        if text:
            place = {"x": x, "y": SKETCH["height"] - 2, "text_anchor": anchor}
            yield element("text", escape(text), class_="range", **place, font_size=SIZES["range"], **colours("range"))

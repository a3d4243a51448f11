"""A tensor drawn small: a heat map of its elements and a histogram with the range below it."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Final

from byhand.picture import Sketch
from byhand.render.geometry import LEVELS, MOST_CELLS, SIZES, SKETCH
from byhand.render.markup import element, escape

Colours = Callable[[str], dict[str, object]]
STRANGE: Final = 99  # the shade of a cell in which something is not finite


def sketch_size(sketch: Sketch) -> tuple[int, int]:
    """The width and the height that the sketch takes in a box."""
    return SKETCH["width"], SKETCH["height"] + (SKETCH["note"] if sketch.nonfinite else 0)


def drawn_sketch(sketch: Sketch, colours: Colours) -> Iterator[str]:
    """The elements of the sketch, its top left at (0, 0)."""
    yield from _map(sketch, colours)
    yield from _histogram(sketch, colours)
    if sketch.nonfinite:
        place = {"x": 0, "y": SKETCH["height"] + SKETCH["note"] - 3}
        yield element("text", escape(sketch.nonfinite), class_="differs", **place, font_size=SIZES["label"], **colours("differs"))


def shaded(levels: Sequence[Sequence[float | None]]) -> list[list[tuple[int, int, int]]]:
    """The rows of a heat map as (first column, columns, shade from −8 to 8), equal neighbours together, in fewer shades if they are many."""
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


def _map(sketch: Sketch, colours: Colours) -> Iterator[str]:
    columns = max(map(len, sketch.levels), default=0)
    if not columns:
        return
    side = min(SKETCH["cell"], SKETCH["map"] / columns, SKETCH["height"] / len(sketch.levels))
    for number, row in enumerate(shaded(sketch.levels)):
        for first, count, shade in row:
            yield _cell(first * side, number * side, count * side, side, shade, colours)
    crosses = "".join(_cross(column * side, row * side, side) for row, column in _strange(sketch))
    if crosses:
        yield element("path", class_="cross", d=crosses, fill="none", **colours("cross"))
    size = {"width": columns * side, "height": len(sketch.levels) * side}
    yield element("rect", class_="frame", **size, fill="none", stroke_width=0.5, **colours("frame"))


def _cell(x: float, y: float, width: float, height: float, shade: int, colours: Colours) -> str:
    name = "strange" if shade == STRANGE else "plus" if shade > 0 else "minus"
    strength = None if shade == STRANGE else abs(shade) / LEVELS
    return element("rect", class_=name, x=x, y=y, width=width, height=height, fill_opacity=strength, **colours(name))


def _strange(sketch: Sketch) -> Iterator[tuple[int, int]]:
    return ((row, column) for row, levels in enumerate(sketch.levels) for column, level in enumerate(levels) if level is None)


def _cross(x: float, y: float, side: float) -> str:
    inner = side / 2
    return f"M{x + side / 4:g} {y + side / 4:g}l{inner:g} {inner:g}m0 {-inner:g}l{-inner:g} {inner:g}"


def _histogram(sketch: Sketch, colours: Colours) -> Iterator[str]:
    left, right, foot = SKETCH["map"] + SKETCH["gap"], SKETCH["width"], SKETCH["bars"]
    if any(sketch.counts):
        yield element("path", class_="bars", d=_bars(sketch.counts, left, right - left), **colours("bars"))
        yield element("path", class_="axis", d=f"M{left} {foot}H{right}", stroke_width=0.5, **colours("axis"))
    for text, x, anchor in ((sketch.low, left, None), (sketch.high, right, "end")):
        if text:
            place = {"x": x, "y": SKETCH["height"] - 2, "text_anchor": anchor}
            yield element("text", escape(text), class_="range", **place, font_size=SIZES["range"], **colours("range"))


def _bars(counts: Sequence[int], left: float, width: float) -> str:
    """Bars as one path: what is there at all is at least a pixel high."""
    step, most = width / len(counts), max(counts)
    heights = [max(1.0, count / most * SKETCH["bars"]) if count else 0.0 for count in counts]
    return "".join(
        f"M{left + number * step:.1f} {SKETCH['bars']}v{-high:.1f}h{max(step - 1, 0.5):.1f}v{high:.1f}z"
        for number, high in enumerate(heights)
        if high
    )

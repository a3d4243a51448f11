"""How large a box is, and where its lines stand."""

from dataclasses import replace

from byhand.document import Cell
from byhand.drawing.contents import Content
from byhand.drawing.metrics import fitted, width_of
from byhand.picture import Box, Kind, Part, Row, Shows, Sketch
from byhand.render.geometry import FIRST, FOOT, LINE, OPENS, PADDING, SIZES, SKETCH, VERDICT

LONGEST = 320  # pixels of a line; what is longer is cut, and whole in the details
LEAST = 44  # pixels of width
STEP = 8  # widths go in steps of so many pixels, so that parts of the same build get the same places
SKETCH_GAP = 6  # above and below a sketch


def box_of(key: str, kind: Kind, content: Content, inside: Part | None = None) -> Box:
    """The box at (0, 0), its lines in their places."""
    extra = (VERDICT if content.verdict else 0) + (OPENS if inside else 0)
    rows, widest, below = [], 0.0, float(FIRST - LINE)
    for number, (shows, what) in enumerate(content.rows):
        if isinstance(what, Sketch):
            rows.append(Row(below + SKETCH_GAP, shows, (), what))
            below += SKETCH["height"] + 2 * SKETCH_GAP + (SKETCH["note"] if what.nonfinite else 0)
            widest = max(widest, SKETCH["width"])
        else:
            below += LINE
            cells, wide = _line(what, first=not number)
            rows.append(Row(below, shows, cells))
            widest = max(widest, wide + (0 if number else extra))
    across = -(-max(widest + 2 * PADDING, LEAST) // STEP) * STEP
    return Box(
        key,
        kind,
        tuple(rows),
        0.0,
        0.0,
        across,
        below + FOOT,
        content.about,
        content.spoken,
        content.verdict,
        content.op,
        content.module,
        content.source,
        content.forward,
        content.backward,
        inside,
    )


def _line(cells: tuple[Cell, ...], *, first: bool) -> tuple[tuple[Cell, ...], float]:
    """The pieces of a line as far as they fit, and how wide they are; a title is measured bold, since some renderers set it so."""
    size = SIZES["title" if first else "row"]
    kept = fitted(cells, size, LONGEST, bold=first)
    return kept, width_of(kept, size, bold=first)


def moved(box: Box, x: float, y: float) -> Box:
    """The box at its place."""
    return replace(box, x=x, y=y)

"""How large a box is, and where its lines stand."""

from dataclasses import dataclass

from byhand.document import Cell
from byhand.drawing.contents import Content
from byhand.drawing.metrics import fitted, width_of
from byhand.picture import Box, Kind, Part, Row, Sketch
from byhand.render.geometry import FIRST, FOOT, LINE, OPENS, PADDING, SIZES, SKETCH, VERDICT

LONGEST = 320  # pixels of a line; what is longer is cut, and whole in the details
LEAST = 44  # pixels of width
STEP = 8  # widths go in steps of so many pixels, so that parts of the same build get the same places
SKETCH_GAP = 6  # above and below a sketch


@dataclass(frozen=True, slots=True)
class Measured:
    """A box that has its size, and no place yet."""

    key: str
    kind: Kind
    content: Content
    rows: tuple[Row, ...]
    width: float
    height: float
    inside: Part | None = None

    def placed(self, x: float, y: float, height: float) -> Box:
        """The box at its place, at least as high as it must be."""
        said = self.content
        return Box(
            self.key,
            self.kind,
            self.rows,
            x,
            y,
            self.width,
            height,
            said.about,
            said.spoken,
            said.verdict,
            said.op,
            said.module,
            said.source,
            said.forward,
            said.backward,
            self.inside,
        )


def measured(key: str, kind: Kind, content: Content, inside: Part | None = None) -> Measured:
    """The box of these lines, each in its place."""
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
    return Measured(key, kind, content, tuple(rows), across, below + FOOT, inside)


def _line(cells: tuple[Cell, ...], *, first: bool) -> tuple[tuple[Cell, ...], float]:
    """The pieces of a line as far as they fit, and how wide they are; a title is measured bold, since some renderers set it so."""
    size = SIZES["title" if first else "row"]
    wide = width_of(cells, size, bold=first)
    if wide <= LONGEST:
        return cells, wide
    kept = fitted(cells, size, LONGEST, bold=first)
    return kept, width_of(kept, size, bold=first)

"""How a picture is drawn, in pixels and colours: the one table that the SVG, the page and the layout measure with.

`python -m byhand.render.geometry FILE` writes it for the viewer, which draws the same picture.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

FONT: Final = '"DejaVu Sans", Verdana, sans-serif'
SIZES: Final = {"title": 13, "row": 12, "label": 11, "range": 9}
"""The size of each kind of text: of a box's first row, its other rows, an arrow's label, and the range of a sketch."""

MARGIN: Final = 12  # around a whole picture
PADDING: Final = 10  # between the left or right edge of a box and its text
OPENS: Final = 15  # the sign of a box that can be opened pushes its title this far to the right
VERDICT: Final = 18  # a verdict takes this much of the title's line, at its right end
FIRST: Final = 19  # the first baseline below the top of a box
LINE: Final = 17  # from one baseline to the next
FOOT: Final = 9  # below the last baseline

RADIUS: Final = 6  # of boxes, and of the corners of arrows
STROKE: Final = 1  # of outlines and arrows
INSET: Final = 3  # between the two outlines of a module
STACK: Final = 4  # each of the two boxes behind a repeated one looks out this much below, and is this much narrower on each side
HEAD: Final = {"long": 7, "wide": 6}  # of an arrow
PLATE: Final = {"across": 3, "above": 10, "below": 3}  # of the ground under an arrow's label, around its text

SKETCH: Final = {"width": 168, "height": 40, "map": 64, "cell": 8, "gap": 8, "bars": 26, "note": 14}
"""A sketch: the heat map in a square of `map` by `height` with cells of at most `cell`, after a `gap` the histogram, whose bars are
at most `bars` high, the range below it. The words for what is not finite take `note` pixels more."""

BOLD: Final = ("name", "loud")  # the roles in bold letters
LEVELS: Final = 8  # shades of one sign in a heat map
MOST_CELLS: Final = 400  # rectangles of one heat map

COLOURS: Final = {
    "light": {
        "ground": "#ffffff",
        "pale": "#eef1f5",
        "ink": "#1b1e23",
        "faint": "#5c636e",
        "line": "#767d89",
        "forward": "#1d5fa8",
        "backward": "#b4450a",
        "agrees": "#1a7340",
        "differs": "#c01c28",
        "plus": "#00706a",
        "minus": "#8a2f7d",
        "loud": "#c01c28",
        "on loud": "#ffffff",
    },
    "dark": {
        "ground": "#14161a",
        "pale": "#22262d",
        "ink": "#e8eaed",
        "faint": "#a2a9b4",
        "line": "#8a919d",
        "forward": "#7db4f0",
        "backward": "#f0a060",
        "agrees": "#6fcf97",
        "differs": "#ff8a80",
        "plus": "#4fd0c6",
        "minus": "#e08fd2",
        "loud": "#ff8a80",
        "on loud": "#14161a",
    },
}
"""Forward and backward have two fixed colours, verdicts a shape as well as a colour; every text has a contrast of 4.5 or more."""

SHAPES: Final = {"agrees": "✓", "differs": "✗"}  # ○ for every other verdict
OPEN_SIGN: Final = "▸"


def exported() -> dict[str, Any]:
    """The whole table as plain data, for the viewer."""
    return {name.lower(): value for name, value in globals().items() if name.isupper()}


def as_json() -> str:
    """The table as the text of viewer/src/geometry.json."""
    return json.dumps(exported(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_json(), encoding="utf-8")

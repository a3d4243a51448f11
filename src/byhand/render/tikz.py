"""The picture of a small run as TikZ, for a paper: an article with amsmath and tikz compiles it as it is."""

from collections.abc import Iterator, Sequence
from typing import Final

from byhand.document import Cell, Role
from byhand.errors import TooLarge
from byhand.picture import Arrow, Box, Kind, Picture, Row, Sketch
from byhand.render.geometry import COLOURS, INSET, OPENS, PADDING, RADIUS, SHAPES, SIZES, SKETCH, STACK, VERDICT
from byhand.render.measure import fitted, width_of_cells
from byhand.render.shapes import Point, head_points
from byhand.render.sketch import STRANGE, bars, cells_of
from byhand.render.tex_letters import escape

MOST: Final = 40  # boxes
WIDEST: Final = 2_000  # pixels
PAGE: Final = 345  # points: the width of the text in an article
LARGEST: Final = 0.75  # points for a pixel, where the picture is narrow
SMALLEST: Final = 0.4  # the same, where it is wide
LETTERS: Final = 15  # points of the letters for a point a pixel: those of LaTeX are narrower than those the boxes were made for
TALL: Final = ("\\frac", "\\begin", "\\sum", "\\prod", "\\int", "\\newline")  # mathematics that needs more than a line
FIT: Final = r"\providecommand{\byhandfit}[2]{\sbox0{#2}\ifdim\wd0>#1\resizebox{#1}{!}{\usebox0}\else\usebox0\fi}"
INKS: Final = {Role.AGREES: "agrees", Role.DIFFERS: "differs", Role.LOUD: "differs", Role.FORWARD: "forward", Role.BACKWARD: "backward"}
FAINT: Final = (Role.FAINT, Role.MISSING, Role.NOT_COMPARED)


def render_tikz(picture: Picture) -> str:
    """The picture as a tikzpicture for an article that uses amsmath and tikz, at most as wide as its text. Raises TooLarge."""
    root = picture.root
    if len(root.boxes) > MOST:
        raise TooLarge(f"has {len(root.boxes):,} boxes", f"{MOST} boxes")
    if root.width > WIDEST:
        raise TooLarge(f"is {root.width:,.0f} pixels wide", f"{WIDEST:,} pixels")
    unit = min(LARGEST, max(SMALLEST, PAGE / max(root.width, 1)))
    drawing = _Drawing(unit)
    lines = [*(drawing.arrow(arrow) for arrow in root.arrows), *(line for box in root.boxes for line in drawing.box(box))]
    lines += [drawing.label(arrow, arrow.label_at) for arrow in root.arrows if arrow.label and arrow.label_at]
    size = min(9, int(LETTERS * unit))
    letters = f"inner sep=0pt, font=\\fontsize{{{size}}}{{{size + 1}}}\\selectfont"
    start = f"\\begin{{tikzpicture}}[x={unit:.3g}pt, y=-{unit:.3g}pt, line width=0.4pt, every node/.style={{{letters}}}]"
    body = "\n".join([start, *lines, "\\end{tikzpicture}"])
    if root.width * unit > PAGE:
        body = f"\\resizebox{{\\textwidth}}{{!}}{{%\n{body}}}"
    return "\n".join(["% needs \\usepackage{amsmath,tikz}", FIT, *_palette(), "\\noindent", body]) + "\n"


def _palette() -> Iterator[str]:
    for name in ("ink", "faint", "line", "pale", "forward", "backward", "agrees", "differs", "plus", "minus"):
        yield f"\\definecolor{{byhand{name}}}{{HTML}}{{{COLOURS['light'][name][1:].upper()}}}"


class _Drawing:
    def __init__(self, unit: float) -> None:
        self._unit = unit

    def arrow(self, arrow: Arrow) -> str:
        """The line of an arrow and its heads."""
        way = " -- ".join(map(_at, arrow.points))
        drawn = [f"\\draw[byhandline, rounded corners={RADIUS * self._unit:.3g}pt] {way};"]
        for colour, there, forward in (("forward", arrow.target, True), ("backward", arrow.source and arrow.flows, False)):
            if there:
                drawn.append(f"\\fill[byhand{colour}] {' -- '.join(map(_at, head_points(arrow.points, forward=forward)))} -- cycle;")
        return "\n".join(drawn)

    def label(self, arrow: Arrow, at: Point) -> str:
        """What comes back along an arrow, on a white plate."""
        text = f"\\byhandfit{{{width_of_cells(arrow.label, SIZES['label']) * self._unit:.4g}pt}}{{{_line(arrow.label)}}}"
        return f"\\node[fill=white, inner sep=1pt] at {_at(at)} {{{text}}};"

    def box(self, box: Box) -> Iterator[str]:
        """The outlines and the lines of a box."""
        yield from self._outline(box)
        indent = OPENS if box.inside else 0
        if box.rows and box.inside:
            yield self._text(r"$\triangleright$", box.x + PADDING, box.y + box.rows[0].y, "byhandfaint")
        if box.rows and box.verdict:
            name = box.verdict if box.verdict in SHAPES else "faint"
            shape = escape(SHAPES.get(box.verdict, "○"))
            yield self._text(shape, box.x + box.width - PADDING, box.y + box.rows[0].y, f"byhand{name}", anchor="base east")
        for number, row in enumerate(box.rows):
            room = box.width - 2 * PADDING - (0 if number else indent + (VERDICT if box.verdict else 0))
            yield from self._row(row, box, room=room, indent=0 if number else indent, size=SIZES["row" if number else "title"])

    def _outline(self, box: Box) -> Iterator[str]:
        fill = "byhandpale" if box.kind is Kind.WEIGHT else "white"
        colour = "byhanddiffers" if box.verdict == "differs" else "byhandline"
        for step in (2, 1) if box.kind is Kind.REPEATED else ():
            yield self._frame(box, f"draw=byhandline, fill={fill}", left=step * STACK, top=step * STACK, bottom=-step * STACK)
        dashes = ", dashed" if box.kind is Kind.CONSTANT else ""
        yield self._frame(box, f"draw={colour}, fill={fill}{dashes}")
        if box.kind in (Kind.MODULE, Kind.REPEATED, Kind.STRETCH):
            dots = ", densely dotted" if box.kind is Kind.STRETCH else ""
            yield self._frame(box, f"draw=byhandline{dots}", left=INSET, top=INSET, bottom=INSET)

    def _frame(self, box: Box, look: str, *, left: float = 0, top: float = 0, bottom: float = 0) -> str:
        """A rectangle with round corners, this much inside of the box."""
        one, other = (box.x + left, box.y + top), (box.x + box.width - left, box.y + box.height - bottom)
        return f"\\path[{look}, rounded corners={RADIUS * self._unit:.3g}pt] {_at(one)} rectangle {_at(other)};"

    def _row(self, row: Row, box: Box, *, room: float, indent: float, size: float) -> Iterator[str]:
        if row.sketch:
            yield from _sketch(row.sketch, box.x + PADDING, box.y + row.y)
        if row.cells:
            text = f"\\byhandfit{{{room * self._unit:.4g}pt}}{{{_line(fitted(row.cells, room, size))}}}"
            yield self._text(text, box.x + PADDING + indent, box.y + row.y, "byhandink")

    def _text(self, text: str, x: float, y: float, colour: str, *, anchor: str = "base west") -> str:
        return f"\\node[anchor={anchor}, text={colour}] at {_at((x, y))} {{{text}}};"


def _line(cells: Sequence[Cell]) -> str:
    return "".join(map(_piece, cells))


def _piece(cell: Cell) -> str:
    plain = not cell.latex or any(word in cell.latex for word in TALL)
    text = escape(cell.text).replace(r"\newline{}", " ") if plain else f"${cell.latex}$"
    if cell.role in (Role.NAME, Role.LOUD):
        text = f"\\textbf{{{text}}}"
    colour = "faint" if cell.role in FAINT else INKS.get(cell.role, "")
    return f"\\textcolor{{byhand{colour}}}{{{text}}}" if colour else text


def _sketch(sketch: Sketch, x: float, y: float) -> Iterator[str]:
    """The heat map and the histogram, what is not finite in full red."""
    for left, top, width, height, shade in cells_of(sketch):
        strength = "byhanddiffers" if shade == STRANGE else f"byhand{'plus' if shade > 0 else 'minus'}!{abs(shade) * 100 / 8:.3g}"
        yield f"\\fill[{strength}] {_at((x + left, y + top))} rectangle {_at((x + left + width, y + top + height))};"
    for left, top, width, height in bars(sketch.counts):
        yield f"\\fill[byhandfaint] {_at((x + left, y + top))} rectangle {_at((x + left + width, y + top + height))};"
    below = y + SKETCH["height"] - 2
    texts = ((sketch.low, SKETCH["map"] + SKETCH["gap"], "west", below), (sketch.high, SKETCH["width"], "east", below))
    for text, left, side, top in (*texts, (sketch.nonfinite, 0, "west", y + SKETCH["height"] + SKETCH["note"] - 3)):
        if text:
            colour = "differs" if text is sketch.nonfinite else "faint"
            yield f"\\node[anchor=base {side}, text=byhand{colour}, font=\\tiny] at {_at((x + left, top))} {{{escape(text)}}};"


def _at(point: Point) -> str:
    return f"({point[0]:.1f},{point[1]:.1f})"

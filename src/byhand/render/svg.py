"""A picture as SVG: a file by itself, its text as text, with no script, no event and no reference to anything outside."""

from collections.abc import Iterator, Sequence
from typing import Final

from byhand.document import Cell, Role
from byhand.picture import Arrow, Box, Kind, Picture, Row
from byhand.render.geometry import (
    FIRST,
    FONT,
    INSET,
    MARGIN,
    OPEN_SIGN,
    OPENS,
    PADDING,
    PLATE,
    RADIUS,
    SHAPES,
    SIZES,
    STACK,
    STROKE,
    VERDICT,
)
from byhand.render.looks import STYLE, colours
from byhand.render.markup import element, escape, from_the_right
from byhand.render.measure import fitted, is_bold, width_of_cells
from byhand.render.shapes import head, rounded
from byhand.render.sketch import drawn_sketch

LONGEST_SPOKEN: Final = 40  # boxes that the description tells one by one
_HOLDS: Final = (Kind.MODULE, Kind.REPEATED, Kind.STRETCH)


def render_svg(picture: Picture, *, dark: bool | None = None) -> str:
    """The picture, every part closed and every moment past, as a whole SVG file.

    It is light, and turns dark with the reader's screen; `dark` fixes it, and then there is no style sheet in it.
    """
    return _Drawing(dark=bool(dark)).picture(picture, style=STYLE if dark is None else "")


def spoken(picture: Picture) -> str:
    """What a screen reader says in place of the picture."""
    told = [box.spoken or "".join(cell.text for row in box.rows[:1] for cell in row.cells) for box in picture.root.boxes]
    more = f"; and {len(told) - LONGEST_SPOKEN:,} more" if len(told) > LONGEST_SPOKEN else ""
    return "From left to right: " + "; ".join(told[:LONGEST_SPOKEN]) + more if told else "There is nothing to draw."


class _Drawing:
    def __init__(self, *, dark: bool) -> None:
        self._dark = dark

    def picture(self, picture: Picture, *, style: str) -> str:
        width, height = (side + 2 * MARGIN for side in (picture.root.width, picture.root.height))
        content = [
            element("title", escape(picture.title)),
            element("desc", escape(spoken(picture))),
            element("style", style) if style else "",
            element("rect", class_="page", x=-MARGIN, y=-MARGIN, width=width, height=height, **self._colours("page")),
            *(self._arrow(arrow) for arrow in picture.root.arrows),
            *(self._box(box) for box in picture.root.boxes),
            *(self._label(arrow, arrow.label_at) for arrow in picture.root.arrows if arrow.label and arrow.label_at),
        ]
        return element(
            "svg",
            content,
            xmlns="http://www.w3.org/2000/svg",
            class_="byhand-picture",
            width=float(width),
            height=float(height),
            viewBox=f"{-MARGIN} {-MARGIN} {width:g} {height:g}",
            role="img",
            aria_label=picture.title,
            font_family=FONT,
            font_size=SIZES["row"],
            **{"xml:space": "preserve"},
        )

    def _colours(self, name: str) -> dict[str, object]:
        return colours(name, dark=self._dark)

    def _box(self, box: Box) -> str:
        opens = box.inside is not None
        content = [*self._outline(box)]
        if opens:
            content.append(element("text", OPEN_SIGN, class_="opens", x=PADDING, y=_baseline(box), **self._colours("opens")))
        if box.verdict:
            content.append(self._verdict(box))
        for number, row in enumerate(box.rows):
            content += self._row(row, box, first=number == 0, indent=OPENS if opens and number == 0 else 0)
        classes = f"box {box.kind.value} {box.verdict.replace(' ', '-')}".strip()
        return element("g", content, class_=classes, data_key=box.key, transform=f"translate({box.x:g} {box.y:g})")

    def _outline(self, box: Box) -> Iterator[str]:
        look = "pale" if box.kind is Kind.WEIGHT else "ground"
        classes = " ".join(dict.fromkeys(["ground", look] + ["wrong"] * (box.verdict == "differs")))
        painted = self._colours(look) | (self._colours("wrong") if box.verdict == "differs" else {})
        size = {"width": box.width, "height": box.height, "rx": RADIUS, "stroke_width": STROKE}
        for step in (2, 1) if box.kind is Kind.REPEATED else ():
            below = {"x": step * STACK, "y": step * STACK, "width": box.width - 2 * step * STACK}
            yield element("rect", class_="ground behind", **size | below, **self._colours("ground"))
        dashes = "4 3" if box.kind is Kind.CONSTANT else None
        yield element("rect", class_=classes, **size, stroke_dasharray=dashes, **painted)
        if box.kind in _HOLDS:
            inner = {"x": INSET, "y": INSET, "width": box.width - 2 * INSET, "height": box.height - 2 * INSET, "rx": RADIUS - INSET + 1}
            dashes = "1 3" if box.kind is Kind.STRETCH else None
            yield element("rect", class_="frame", **inner, fill="none", stroke_dasharray=dashes, **self._colours("frame"))

    def _verdict(self, box: Box) -> str:
        look = box.verdict.replace(" ", "-") if box.verdict in SHAPES else "not-compared"
        place = {"x": box.width - PADDING, "y": _baseline(box), "text_anchor": "end"}
        return element("text", SHAPES.get(box.verdict, "○"), class_=f"verdict {look}", **place, **self._colours(look))

    def _row(self, row: Row, box: Box, *, first: bool, indent: int) -> Iterator[str]:
        if row.sketch:
            inside = drawn_sketch(row.sketch, self._colours)
            yield element("g", inside, class_=f"sketch {row.shows.value}", transform=f"translate({PADDING} {row.y:g})")
        if row.cells:
            size = SIZES["title" if first else "row"]
            room = box.width - 2 * PADDING - indent - (VERDICT if first and box.verdict else 0)
            yield from self._line(
                fitted(row.cells, room, size), PADDING + indent, row.y, f"row {row.shows.value}", size=size if first else None
            )

    def _line(self, cells: Sequence[Cell], x: float, y: float, classes: str, *, size: int | None = None, **others: object) -> Iterator[str]:
        measured, at = size or SIZES["row"], x
        for cell in cells:
            wide = width_of_cells([cell], measured)
            if cell.role is Role.LOUD:
                ground = {"x": at - 2, "y": y - measured, "width": wide + 4, "height": measured + 4, "rx": 2}
                yield element("rect", class_="alarm", **ground, **self._colours("alarm"))
            at += wide
        yield element("text", map(self._piece, cells), class_=classes, x=float(x), y=float(y), font_size=size, **others)

    def _piece(self, cell: Cell) -> str:
        name = cell.role.value.replace(" ", "-")
        turned = {"direction": "ltr", "unicode_bidi": "isolate"} if from_the_right(cell.text) else {}
        weight = "bold" if is_bold(cell.role) else None
        slant = "italic" if cell.role is Role.MISSING else None
        return element("tspan", escape(cell.text), class_=name, font_weight=weight, font_style=slant, **turned, **self._colours(name))

    def _arrow(self, arrow: Arrow) -> str:
        content = [element("path", class_="line", d=rounded(arrow.points), fill="none", stroke_width=STROKE, **self._colours("line"))]
        if arrow.target:
            content.append(element("path", class_="head forward", d=head(arrow.points, forward=True), **self._colours("forward")))
        if arrow.flows and arrow.source:
            content.append(element("path", class_="head backward", d=head(arrow.points, forward=False), **self._colours("backward")))
        return element("g", content, class_=f"arrow {arrow.verdict.replace(' ', '-')}".strip(), data_key=arrow.key)

    def _label(self, arrow: Arrow, at: tuple[float, float]) -> str:
        size = SIZES["label"]
        wide, left = width_of_cells(arrow.label, size), at[0] - width_of_cells(arrow.label, size) / 2
        base = at[1] + (PLATE["above"] - PLATE["below"]) / 2
        plate = {"x": left - PLATE["across"], "width": wide + 2 * PLATE["across"]}
        ground = element(
            "rect", class_="plate", **plate, y=base - PLATE["above"], height=PLATE["above"] + PLATE["below"], **self._colours("plate")
        )
        return element("g", [ground, *self._line(arrow.label, left, base, "row backward", size=size)], class_="label", data_key=arrow.key)


def _baseline(box: Box) -> float:
    return box.rows[0].y if box.rows else float(FIRST)

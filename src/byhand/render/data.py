"""A picture as the data of a page: JSON with short keys, without what is empty, packed so that it is the same every time."""

import base64
import gzip
import json
import math
from collections.abc import Iterable
from typing import Any, Final

from byhand.document import Block, Cell, Formula, Heading, Ledger, Prose, Table
from byhand.picture import Arrow, Box, Heat, Moment, Part, Picture, Row, Sketch, Source
from byhand.render.geometry import LEVELS
from byhand.render.html import visible
from byhand.render.mathml import mathml
from byhand.render.sketch import STRANGE, shaded

FORMULAS: Final = 2_000  # different ones that are set as mathematics; the others are shown as text
LONGEST: Final = 20_000  # characters of LaTeX of one formula
LARGE: Final = 1_000_000  # bytes; from there on they are packed three times as fast, for 2 % more
NAMESPACE: Final = 'xmlns="http://www.w3.org/1998/Math/MathML"'

Data = dict[str, Any]


def packed(picture: Picture, *, formulas: int = FORMULAS) -> str:
    """The page's data in base64 of gzip of JSON; the same picture gives the same letters."""
    return base64.b64encode(packed_bytes(written(picture, formulas=formulas))).decode("ascii")


def written(picture: Picture, *, formulas: int = FORMULAS) -> str:
    """The page's data as JSON in one line."""
    return json.dumps(page_data(picture, formulas=formulas), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def packed_bytes(text: str) -> bytes:
    """Any text as gzip, without the time of day."""
    content = text.encode()
    return gzip.compress(content, 9 if len(content) < LARGE else 7, mtime=0)


def page_data(picture: Picture, *, formulas: int = FORMULAS) -> Data:
    """The picture as plain lists and dictionaries. The chain rules of the weights are the first to be set as mathematics."""
    set_cells = _Typeset(formulas)
    weights = {key: set_cells.blocks(blocks) for key, blocks in picture.details.items() if key.startswith("w")}
    moments = [_moment(moment, set_cells) for moment in picture.moments]
    details = {visible(key): weights.get(key) or set_cells.blocks(blocks) for key, blocks in picture.details.items()}
    return {
        "title": visible(picture.title),
        "root": _part(picture.root),
        **_filled(
            moments=moments,
            forward=max(sum(moment.forward for moment in picture.moments) - 1, 0),
            details=details,
            sources=[_source(source) for source in picture.sources],
            heats=[_heat(heat) for heat in picture.heats],
        ),
    }


class _Typeset:
    """Cells as data, with MathML as long as there is room for another formula."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.done: set[str] = set()

    def cells(self, cells: Iterable[Cell]) -> list[list[str]]:
        """Pieces: text, role, and MathML if it is mathematics."""
        return [self.cell(cell) for cell in cells]

    def cell(self, cell: Cell) -> list[str]:
        """One piece."""
        markup = self.formula(cell.latex)
        return [*_cell(cell), markup] if markup else _cell(cell)

    def formula(self, latex: str) -> str:
        """The formula with its name space, so that it is MathML for any reader of XML; "" if it has to stay text."""
        if not latex or len(latex) > LONGEST or (latex not in self.done and len(self.done) >= self.room):
            return ""
        self.done.add(latex)
        return mathml(latex).replace("<math", f"<math {NAMESPACE}", 1)

    def blocks(self, blocks: Iterable[Block]) -> list[Data]:
        """The blocks of one detail."""
        return [self.block(block) for block in blocks]

    def block(self, block: Block) -> Data:
        """One block."""
        match block:
            case Heading(text, level):
                return {"kind": "heading", "text": visible(text), "level": level}
            case Prose(cells):
                return {"kind": "prose", "cells": self.cells(cells)}
            case Formula(parts, remark):
                return {"kind": "formula", "parts": self.cells(parts), **_filled(remark=self.cells(remark))}
            case Table(columns, rows, caption):
                chains = [[self.cells(pieces) for pieces in row] for row in rows]
                return {
                    "kind": "table",
                    "columns": [visible(name) for name in columns],
                    "rows": chains,
                    **_filled(caption=visible(caption)),
                }
            case Ledger(title, rows, total):
                amounts = [self.cells(row) for row in rows]
                return {"kind": "ledger", "title": visible(title), "rows": amounts, "total": self.cells(total)}


def _filled(**values: Any) -> Data:
    return {key: value for key, value in values.items() if value not in ("", 0, None, (), [], {})}


def _cell(cell: Cell) -> list[str]:
    return [visible(cell.text), cell.role.value]


def _cells(cells: Iterable[Cell]) -> list[list[str]]:
    return [_cell(cell) for cell in cells]


def _number(value: float) -> float:
    """A place in the picture to a tenth of a pixel."""
    return _short(round(value, 1))


def _short(value: float) -> float:
    """The number without a needless point."""
    return int(value) if value == int(value) else value


def _moment(moment: Moment, set_cells: _Typeset) -> Data:
    return {"forward": moment.forward, "box": visible(moment.box), "told": set_cells.cells(moment.told)}


def _part(part: Part) -> Data:
    return {
        "key": visible(part.key),
        "w": _number(part.width),
        "h": _number(part.height),
        "boxes": [_box(box) for box in part.boxes],
        **_filled(title=visible(part.title), arrows=[_arrow(arrow) for arrow in part.arrows]),
    }


def _box(box: Box) -> Data:
    return {
        "key": visible(box.key),
        "kind": box.kind.value,
        "x": _number(box.x),
        "y": _number(box.y),
        "w": _number(box.width),
        "h": _number(box.height),
        **_filled(
            rows=[_row(row) for row in box.rows],
            about=visible(box.about),
            spoken=visible(box.spoken),
            verdict=box.verdict,
            op=visible(box.op),
            module=visible(box.module),
            source=box.source and list(box.source),
            forward=box.forward,
            backward=box.backward,
            inside=box.inside and _part(box.inside),
        ),
    }


def _row(row: Row) -> Data:
    sketch = row.sketch and _sketch(row.sketch)
    return {"y": _number(row.y), "shows": row.shows.value, **_filled(cells=_cells(row.cells), sketch=sketch)}


def _sketch(sketch: Sketch) -> Data:
    levels = [_shades(runs, len(row)) for runs, row in zip(shaded(sketch.levels), sketch.levels, strict=True)]
    told = _filled(counts=list(sketch.counts), low=visible(sketch.low), high=visible(sketch.high), nonfinite=visible(sketch.nonfinite))
    return {"levels": levels, **told}


def _shades(runs: Iterable[tuple[int, int, int]], columns: int) -> list[float | None]:
    """A row of a heat map in the shades that are drawn: finer levels nobody sees, and they would be most of a large run's data."""
    row: list[float | None] = [0] * columns
    for first, count, shade in runs:
        row[first : first + count] = [None if shade == STRANGE else _short(shade / LEVELS)] * count
    return row


def _arrow(arrow: Arrow) -> Data:
    return {
        "key": visible(arrow.key),
        "points": [[_number(x), _number(y)] for x, y in arrow.points],
        **_filled(
            **{"from": visible(arrow.source)},
            to=visible(arrow.target),
            values=list(map(visible, arrow.values)),
            label=_cells(arrow.label),
            at=arrow.label_at and [_number(place) for place in arrow.label_at],
            about=visible(arrow.about),
            verdict=arrow.verdict,
            forward=arrow.forward,
            backward=arrow.backward,
            flows=arrow.flows,
        ),
    }


def _source(source: Source) -> Data:
    return {"name": visible(source.name), "first": source.first, "lines": [visible(line) for line in source.lines]}


def _heat(heat: Heat) -> Data:
    return {
        "name": visible(heat.name),
        "values": {visible(key): value if math.isfinite(value) else None for key, value in heat.values.items()},
        "texts": {visible(key): visible(text) for key, text in heat.texts.items()},
        **_filled(worst=visible(heat.worst)),
    }

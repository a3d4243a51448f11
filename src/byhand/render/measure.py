"""How wide a text is, measured with the table of DejaVu Sans that lies beside the fonts."""

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from byhand.document import Cell, Role
from byhand.render.geometry import BOLD

FONTS: Final = Path(__file__).parent / "fonts"
UNKNOWN: Final = 0.7  # of the size, for a letter that DejaVu would have and the table has not
WIDE: Final = 1.25  # the same for one of East Asia or an emoji


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """The width of a text in pixels, in letters of this size."""
    table = _widths()["bold" if bold else "regular"]
    return size * sum(table.get(letter) or _unknown(letter) for letter in text)


def width_of_cells(cells: Sequence[Cell], size: float) -> float:
    """The width of pieces one behind the other; names and what is loud are bold."""
    return sum(width_of(cell.text, size, bold=is_bold(cell.role)) for cell in cells)


def known(text: str) -> bool:
    """Whether the fonts have every letter of a text."""
    return _widths()["regular"].keys() >= set(text)


def is_bold(role: Role) -> bool:
    """Whether a piece of this role stands in bold letters."""
    return role.value in BOLD


def fitted(cells: Sequence[Cell], room: float, size: float) -> list[Cell]:
    """The pieces as far as they fit into this room, the last one cut with … where they do not."""
    kept: list[Cell] = []
    for cell in cells:
        if width_of_cells([*kept, cell], size) <= room:
            kept.append(cell)
            continue
        left = room - width_of_cells(kept, size) - width_of("…", size)
        return [*kept, replace(cell, text=_cut(cell, left, size) + "…")]
    return kept


def _cut(cell: Cell, room: float, size: float) -> str:
    at = 0
    while at < len(cell.text) and width_of(cell.text[: at + 1], size, bold=is_bold(cell.role)) <= room:
        at += 1
    return cell.text[:at]


def _unknown(letter: str) -> float:
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    return WIDE if unicodedata.east_asian_width(letter) in "WF" else UNKNOWN


@cache
def _widths() -> dict[str, dict[str, float]]:
    """The width of every letter of the table, for size 1."""
    stored = json.loads((FONTS / "widths.json").read_text(encoding="utf-8"))
    return {weight: {letter: int(wide) / 1000 for wide, letters in table.items() for letter in letters} for weight, table in stored.items()}

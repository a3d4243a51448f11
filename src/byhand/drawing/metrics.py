"""How wide a text will be: the advances of DejaVu Sans, and a safe guess for what it has not."""

import unicodedata
from collections.abc import Sequence

from byhand.document import Cell
from byhand.drawing.advances import ADVANCES, BLOCKS, UNIT, ZERO

UNKNOWN = 0.9  # em: as wide as nearly every letter of any alphabet
WIDE = 1.3  # em: Chinese characters are 1 em wide, emoji up to 1.3


def width(text: str, size: float, *, bold: bool = False) -> float:
    """The width in pixels of one line of text at this font size; what the font has not is taken to be wide."""
    return sum(map(_WIDTHS[bold].__getitem__, text)) * size


def width_of(cells: Sequence[Cell], size: float, *, bold: bool = False) -> float:
    """The width of pieces of text set one after the other."""
    return sum(width(cell.text, size, bold=bold) for cell in cells)


def fitted(cells: Sequence[Cell], size: float, room: float, *, bold: bool = False) -> tuple[Cell, ...]:
    """The pieces, ending in "…" where they are wider than the room. A piece that was cut has no LaTeX."""
    if width_of(cells, size, bold=bold) <= room:
        return tuple(cells)
    left, kept = room - width("…", size, bold=bold), []
    for cell in cells:
        wide = width(cell.text, size, bold=bold)
        if wide > left:
            kept.append(Cell(f"{_beginning(cell.text, left, size, bold=bold)}…", cell.role))
            break
        kept.append(cell)
        left -= wide
    return tuple(kept)


def _beginning(text: str, room: float, size: float, *, bold: bool) -> str:
    """As much of the text as fits."""
    for end, character in enumerate(text):
        room -= width(character, size, bold=bold)
        if room < 0:
            return text[:end].rstrip()
    return text


class _Widths(dict[str, float]):
    """The advance of each character in em, looked up once."""

    def __init__(self, codes: str) -> None:
        super().__init__()
        self._codes = codes

    def __missing__(self, character: str) -> float:
        place = next((start + ord(character) - first for first, after, start in BLOCKS if first <= ord(character) < after), -1)
        code = self._codes[place] if place >= 0 else " "
        self[character] = _guessed(character) if code == " " else (ord(code) - ord(ZERO)) / UNIT
        return self[character]


def _guessed(character: str) -> float:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0.0
    return WIDE if unicodedata.east_asian_width(character) in "WF" or unicodedata.category(character) == "So" else UNKNOWN


_WIDTHS = {bold: _Widths(codes) for bold, codes in ADVANCES.items()}

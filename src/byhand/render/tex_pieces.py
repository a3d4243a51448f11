"""Pieces of text and mathematics for LaTeX, about how wide they will be, and how they are made to break."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from byhand.document import Cell, Role
from byhand.render.measure import is_bold, width_of
from byhand.render.tex_letters import LONG_WORD, escape, strange

SHAPES: Final = {Role.AGREES: r"$\surd$~", Role.DIFFERS: r"$\neq$~", Role.NOT_COMPARED: r"$\circ$~"}
NARROWER: Final = 0.92  # LaTeX's letters beside those of DejaVu Sans; at this, hardly anything is wider than it was taken for
CODE_POINT: Final = 4.8  # of the size: a letter that is shown by its code point
TYPEWRITER: Final = 0.525  # of the size: every letter of code
SIZE: Final = 9.0  # points of \small letters in an article
SIZES: Final = {r"\small": 9.0, r"\footnotesize": 8.2, r"\scriptsize": 7.4, r"\tiny": 5.9}
"""Points of the letters by their name; small ones are wider than their size says."""
_MATRIX: Final = re.compile(r"\[\[[^\[\]]*\](,\s*\[[^\[\]]*\])*\]")
_TOKEN: Final = re.compile(r"\\(?:left|right)(?![a-zA-Z])(?:\\[a-zA-Z]+|\\?.)|\\(?:begin|end)\{|\\[a-zA-Z]+|\\.|[{},]|[^\\{},]+", re.DOTALL)


def line(cells: Sequence[Cell]) -> str:
    """Pieces one behind the other."""
    return "".join(piece(cell) for cell in cells)


def piece(cell: Cell, *, loose: bool = False) -> str:
    """A piece in a paragraph or a table; a loose one breaks where it can."""
    if cell.latex:
        return f"{SHAPES.get(cell.role, '')}${loosened(cell.latex) if loose else cell.latex}$"
    text = SHAPES.get(cell.role, "") + escape(cell.text)
    match cell.role:
        case Role.CODE:
            return f"\\texttt{{{text}}}"
        case Role.LOUD | Role.DIFFERS | Role.NAME:
            return f"\\textbf{{{text}}}"
        case Role.MISSING:
            return f"\\emph{{{text}}}"
    return text


def wide(cell: Cell, size: float = SIZE) -> float:
    """About how many points wide a piece is on one line, rather too many than too few."""
    shape = 1.2 * size if cell.role in SHAPES else 0.0
    matrix = rows_of(cell.text)
    if matrix and not cell.latex:
        return _matrix_wide(matrix, size)
    typed = TYPEWRITER * size * len(cell.text.replace("…", "...")) if cell.role is Role.CODE or r"\mathtt" in cell.latex else 0.0
    unknown = cell.latex.count("U+") if cell.latex else strange(cell.text)
    bold = is_bold(cell.role) or cell.role is Role.DIFFERS
    return shape + max(NARROWER * width_of(cell.text, size, bold=bold), typed) + CODE_POINT * size * unknown


def stiff(cell: Cell) -> float:
    """About how wide the widest part of a piece is that LaTeX will not break."""
    if r"\begin" in cell.latex or rows_of(cell.text):
        return wide(cell)
    words = cell.text.split() if cell.latex else [word[:LONG_WORD] for word in cell.text.split()]
    return max((wide(replace(cell, text=word, latex=cell.latex and r"\mathtt")) for word in words), default=0.0)


def rows_of(text: str) -> list[list[str]] | None:
    """The elements of a matrix that is written over several lines, row by row; None if the text is nothing like that."""
    if "\n" not in text or not _MATRIX.fullmatch(text.strip()):
        return None
    return [[each.strip() for each in row.split(",")] for row in re.findall(r"\[([^\[\]]+)\]", text)]


def matrix(rows: Sequence[Sequence[str]], room: float) -> str:
    """A matrix in the largest letters in which it fits."""
    size = next((name for name, points in SIZES.items() if _matrix_wide(rows, points) <= room), r"\tiny")
    body = r" \\ ".join(" & ".join(f"\\text{{{size} {escape(each)}}}" for each in row) for row in rows)
    spaces = r"\setlength{\arraycolsep}{3pt}\renewcommand{\arraystretch}{1.1}"
    return f"{{{spaces}$\\left[\\begin{{array}}{{@{{}}{'r' * len(rows[0])}@{{}}}} {body} \\end{{array}}\\right]$}}"


def loosened(latex: str) -> str:
    """The mathematics with places to break after its commas, and brackets that let it: those that grow hold together what is inside."""
    return "".join(_loosened(_TOKEN.findall(latex)))


def _loosened(tokens: Sequence[str]) -> Iterator[str]:
    depth, grown = 0, 0  # of braces and environments, and of brackets that stay as they are
    for token in tokens:
        open_here = depth == 0 and grown == 0
        if open_here and token in (r"\left(", r"\left[", r"\right)", r"\right]"):
            yield token[-1]
            continue
        yield token + (r"\allowbreak " if token == "," and open_here else "")
        grown += token.startswith(r"\left") and not token[5:].isalpha()
        grown -= token.startswith(r"\right") and not token[6:].isalpha()
        depth += {"{": 1, r"\begin{": 2, "}": -1}.get(token, 0)


def _matrix_wide(rows: Sequence[Sequence[str]], size: float) -> float:
    columns = max(map(len, rows))
    widths = [max(NARROWER * width_of(row[at], size) for row in rows if at < len(row)) for at in range(columns)]
    return sum(widths) + 6 * columns + 10

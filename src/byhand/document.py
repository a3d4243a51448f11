"""What is said, before it is drawn: blocks of text, formulas and tables. One document serves every output."""

from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """What a piece of text is, so that each renderer can give it its own look.

    AGREES, DIFFERS and NOT_COMPARED are verdicts: a renderer draws a shape before them (✓ ✗ ○). LOUD must not be overlooked.
    """

    PLAIN = "plain"
    FORWARD = "forward"
    BACKWARD = "backward"
    NAME = "name"
    CODE = "code"
    FAINT = "faint"
    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARED = "not compared"
    MISSING = "missing"
    LOUD = "loud"


@dataclass(frozen=True, slots=True)
class Cell:
    """One piece of a table or a line: text, and the LaTeX of the same where it is mathematics."""

    text: str
    role: Role = Role.PLAIN
    latex: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; level 1 is the document's own."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Prose:
    """One paragraph."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Formula:
    """A chain of equal expressions, `parts[0] = parts[1] = ...`, with remarks behind it (PyTorch's number, a verdict)."""

    parts: tuple[Cell, ...]
    remark: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. A cell is a chain of equal pieces, `pieces[0] = pieces[1] = ...`; the "=" of one column line up.

    `columns` may all be "": then there is no header line. A row with one cell only is a line across the whole table.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[tuple[Cell, ...], ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Amounts and their sum: rows of (what, formula, number), then the total under a line."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...]


Block = Heading | Prose | Formula | Table | Ledger


@dataclass(frozen=True, slots=True)
class Document:
    """The whole story, top to bottom."""

    blocks: tuple[Block, ...]

"""A document as HTML: headings, tables and mathematics that are there without any script. Every text is escaped."""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from byhand.document import Block, Cell, Document, Formula, Heading, Ledger, Prose, Role, Table
from byhand.render.mathml import mathml

SHAPES: Final = {Role.AGREES: "✓", Role.DIFFERS: "✗", Role.NOT_COMPARED: "○"}
ELEMENTS: Final = {Role.CODE: "code", Role.LOUD: "strong"}
EQUALS: Final = '<span class="equals">=</span>'
_NUMBER: Final = r"\(?[−+]?\d+(,\d{3})*(\.\d+)?(e−?\d+)?\)?"
_NUMBERS: Final = re.compile(rf"{_NUMBER}( [·×+−/] {_NUMBER})*")
_PICTURES: Final = 0x2400  # where Unicode keeps the signs for control characters
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")

Row = Sequence[Sequence[Cell]]


def render_html(document: Document) -> str:
    """The document as a piece of a page, to be put between the tags of an `article`."""
    return "\n".join(block_html(block) for block in document.blocks)


def block_html(block: Block) -> str:
    """One block of a document."""
    match block:
        case Heading(text, level):
            level = min(max(level, 1), 6)
            return f"<h{level}>{escaped(text)}</h{level}>"
        case Prose(cells):
            return f"<p>{cells_html(cells)}</p>"
        case Formula(parts, remark):
            return _formula(parts, remark)
        case Table():
            return _table(block)
        case Ledger():
            return _ledger(block)


def cells_html(cells: Iterable[Cell]) -> str:
    """Pieces one behind the other, each in an element with its role as the class."""
    return "".join(cell_html(cell) for cell in cells)


def cell_html(cell: Cell) -> str:
    """One piece: mathematics where it can be set, else the text; a verdict has its shape before it."""
    content = (mathml(cell.latex) if cell.latex else "") or _number(cell.text)
    if cell.role in SHAPES:
        content = f'<span class="shape" aria-hidden="true">{SHAPES[cell.role]}</span> {content}'
    if cell.role is Role.PLAIN:
        return content
    element = ELEMENTS.get(cell.role, "span")
    return f'<{element} class="{class_of(cell.role)}">{content}</{element}>'


def _number(text: str) -> str:
    """Numbers and what is reckoned with them look like those of formulas; all else is text."""
    return f'<span class="digits">{escaped(text)}</span>' if _NUMBERS.fullmatch(text) else escaped(text)


def class_of(role: Role) -> str:
    """The role as a class, `role-not-compared`: the same as in the live picture."""
    return f"role-{role.value.replace(' ', '-')}"


def escaped(text: str) -> str:
    """Text that means nothing but itself in an element and in an attribute between double quotes."""
    return escape(visible(text))


def visible(text: str) -> str:
    """The text with a sign in the place of every character that cannot be in a page, or would turn round the text beside it."""
    return _UNFIT.sub(_sign, text)


def _sign(match: re.Match[str]) -> str:
    number = ord(match[0])
    return chr(_PICTURES + number) if number < 0x20 else "\ufffd"


def _formula(parts: Sequence[Cell], remark: Sequence[Cell]) -> str:
    first, *others = (cell_html(part) for part in parts)
    pieces = [first, *(f"{EQUALS} {other}" for other in others)]
    chain = " ".join(f'<span class="part">{piece}</span>' for piece in pieces)
    note = f'<div class="remark">{cells_html(remark)}</div>' if remark else ""
    return _scrolling(chain + note, "formula")


def _scrolling(content: str, kind: str) -> str:
    """What scrolls within itself where the page is too narrow; browsers let the keyboard reach it then."""
    return f'<div class="{kind}">{content}</div>'


def _table(table: Table) -> str:
    counts = _counts(table.rows, len(table.columns))
    caption = f"<caption>{escaped(table.caption)}</caption>" if table.caption else ""
    head = f"<thead><tr>{''.join(_headers(table.columns, counts))}</tr></thead>" if any(table.columns) else ""
    body = "".join(f"<tr>{_row(row, counts)}</tr>\n" for row in table.rows)
    return _scrolling(f"<table>{caption}{head}<tbody>\n{body}</tbody></table>", "wide")


def _ledger(ledger: Ledger) -> str:
    rows = [_halves(row) for row in ledger.rows]
    total = _halves(ledger.total)
    counts = _counts([*rows, total], 2)
    body = "".join(f"<tr>{_row(row, counts)}</tr>\n" for row in rows)
    foot = f"<tfoot><tr>{_row(total, counts)}</tr></tfoot>"
    return _scrolling(
        f'<table class="ledger"><caption>{escaped(ledger.title)}</caption><tbody>\n{body}</tbody>{foot}</table>',
        "wide",
    )


def _halves(row: Sequence[Cell]) -> Row:
    return row[:1], row[1:]


def _counts(rows: Iterable[Row], columns: int) -> list[int]:
    """How many pieces stand side by side in each column."""
    counts = [1] * columns
    for row in rows:
        if len(row) == columns:
            counts = [max(count, len(pieces)) for count, pieces in zip(counts, row, strict=True)]
    return counts


def _headers(columns: Sequence[str], counts: Sequence[int]) -> Iterator[str]:
    for column, count in zip(columns, counts, strict=True):
        span = f' colspan="{count}"' if count > 1 else ""
        scope = "colgroup" if count > 1 else "col"
        yield f'<th scope="{scope}"{span}>{escaped(column)}</th>' if column else f"<td{span}></td>"


def _row(row: Row, counts: Sequence[int]) -> str:
    if len(row) == 1 and len(counts) > 1:
        return f'<td class="across" colspan="{sum(counts)}">{cells_html(row[0])}</td>'
    return "".join(_placed(row, counts))


def _placed(row: Row, counts: Sequence[int]) -> Iterator[str]:
    """Each piece in a place of its own, so that the = of a column line up; the first piece names the row."""
    for number, count in enumerate(counts):
        pieces = row[number] if number < len(row) else ()
        for each in range(count):
            piece = pieces[each] if each < len(pieces) else Cell("")
            if number == each == 0 and piece.text and sum(counts) > 1:
                yield f'<th scope="row">{cell_html(piece)}</th>'
            else:
                yield f"<td{_kind(piece, first=not each)}>{_equal(piece) if each else cell_html(piece)}</td>"


def _kind(piece: Cell, *, first: bool) -> str:
    return "" if first or not piece.text else ' class="equal"'


def _equal(piece: Cell) -> str:
    return f"{EQUALS} {cell_html(piece)}" if piece.text else ""

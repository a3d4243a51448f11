"""A document in a terminal, through rich: aligned where it fits, one below the other where it does not."""

import io
import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from byhand.document import Block, Cell, Document, Formula, Heading, Ledger, Prose, Role, Table

STYLES: Final = {
    Role.PLAIN: "",
    Role.FORWARD: "blue",
    Role.BACKWARD: "dark_orange3",
    Role.NAME: "bold",
    Role.CODE: "cyan",
    Role.FAINT: "dim",
    Role.AGREES: "green",
    Role.DIFFERS: "bold red",
    Role.NOT_COMPARED: "yellow",
    Role.MISSING: "italic dim",
    Role.LOUD: "bold reverse red",
}
SHAPES: Final = {Role.AGREES: "✓ ", Role.DIFFERS: "✗ ", Role.NOT_COMPARED: "○ "}
GAP: Final = 3  # between columns
NARROWEST: Final = 24  # a column that has to wrap keeps at least this
_ONE: Final = r"(−?[\d,]*\.?\d+(e−?\d+)?|−?∞|NaN)"
_NUMBER: Final = re.compile(rf"{_ONE}( · {_ONE})*")

Pieces = tuple[Cell, ...]


def render_text(document: Document, *, width: int = 80, colour: bool = False) -> str:
    """The document as text of this width; plain unless colour is asked for."""
    target = io.StringIO()
    console = Console(
        file=target,
        width=width,
        force_terminal=colour,
        force_jupyter=False,
        color_system="truecolor" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )
    print_document(document, console)
    return "\n".join(line.rstrip() for line in target.getvalue().splitlines()) + "\n"


def print_document(document: Document, console: Console) -> None:
    """Draw the document on a rich console, in the console's width and colours."""
    before: Block | None = None
    for block in document.blocks:
        if before is not None and not (isinstance(before, Formula) and isinstance(block, Formula)):
            console.print()
        console.print(_drawn(block, console.width), soft_wrap=False, crop=False, highlight=False)
        before = block


def _drawn(block: Block, width: int) -> RenderableType:
    match block:
        case Heading(text, level):
            return _heading(text, level)
        case Prose(cells):
            return _line(cells)
        case Formula(parts, remark):
            return _formula(parts, remark, width)
        case Table():
            return _table(block, width)
        case Ledger():
            return _ledger(block, width)


def _heading(text: str, level: int) -> RenderableType:
    if level > 1:
        return Text(text, style="bold")
    return Group(Text(text, style="bold"), Text("━" * max((cell_len(line) for line in text.splitlines()), default=0), style="dim", no_wrap=True, overflow="crop"))


def _piece(cell: Cell) -> Text:
    return Text(SHAPES.get(cell.role, "") + cell.text, style=STYLES[cell.role])


def _line(cells: Sequence[Cell]) -> Text:
    return Text.assemble(*(_piece(cell) for cell in cells))


def _width(cell: Cell) -> int:
    return cell_len(SHAPES.get(cell.role, "") + cell.text)


def _chain(pieces: Sequence[Cell]) -> Text:
    return Text(" = ").join(_piece(piece) for piece in pieces)


def _formula(parts: Pieces, remark: Pieces, width: int) -> RenderableType:
    line, note = _chain(parts), _line(remark)
    if not remark and line.cell_len <= width:
        return line
    if line.cell_len + 2 * GAP + note.cell_len <= width:
        return Text.assemble(line, " " * 2 * GAP, note)
    below = [Padding(note, (0, 0, 0, 4))] if remark else []
    return Group(line if line.cell_len <= width else _unfolded(parts), *below)


def _unfolded(parts: Pieces) -> RenderableType:
    grid = Grid.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    first, *others = parts
    for number, part in enumerate(others):
        grid.add_row(_piece(first) if number == 0 else "", "=", _piece(part))
    return grid if others else _piece(first)


def _ledger(ledger: Ledger, width: int) -> RenderableType:
    rows = tuple(((row[0],), row[1:]) for row in (*ledger.rows, ledger.total))
    grid = _grid(Table(("", ""), rows), width - 4, ruled=True)
    return Group(Text(ledger.title), Padding(grid, (0, 0, 0, 4)))


def _table(table: Table, width: int) -> RenderableType:
    caption = [Text(table.caption, style="bold")] if table.caption else []
    return Group(*caption, *_body(table, width))


def _body(table: Table, width: int) -> Iterator[RenderableType]:
    widths = [sum(sizes) + 3 * (len(sizes) - 1) for sizes in _sizes(table)]
    needed = sum(widths) + GAP * (len(widths) - 1)
    others = needed - max(widths, default=0)
    chains = all(len(sizes) > 1 for sizes in _sizes(table)) and len(widths) > 1
    if needed > width and chains:
        yield from _column_after_column(table, width)
    elif needed > width and not any(table.columns):
        yield from _stacked(table, width)
    elif needed > width and others + NARROWEST > width:
        yield from _records(table)
    else:
        yield _grid(table, width)


def _sizes(table: Table) -> list[list[int]]:
    """The widths of every column's pieces."""
    found = []
    for number, header in enumerate(table.columns):
        column = [row[number] for row in table.rows if len(row) > number and not _across(table, row)]
        most = max((len(pieces) for pieces in column), default=1)
        sizes = [max((_width(pieces[each]) for pieces in column if len(pieces) > each), default=0) for each in range(max(most, 1))]
        missing = cell_len(header) - sum(sizes) - 3 * (len(sizes) - 1)
        sizes[-1] += max(missing, 0)
        found.append(sizes)
    return found


def _across(table: Table, row: tuple[Pieces, ...]) -> bool:
    return len(row) == 1 and len(table.columns) > 1


def _grid(table: Table, width: int, *, ruled: bool = False) -> RenderableType:
    parts = list(_ranges(table))
    drawn = []
    sizes = _sizes(table)
    widths = _fitted(sizes, width)
    if any(table.columns):
        drawn.append(_header(table.columns, widths))
    for across, rows in parts:
        drawn.append(_line(rows[0][0]) if across else _aligned(rows, sizes, width, _right(table, sizes), ruled))
    return Group(*drawn)


def _ranges(table: Table) -> Iterator[tuple[bool, list[tuple[Pieces, ...]]]]:
    """The rows, those that go across the table by themselves."""
    together: list[tuple[Pieces, ...]] = []
    for row in table.rows:
        if _across(table, row):
            if together:
                yield False, together
            yield True, [row]
            together = []
        else:
            together.append(row)
    if together:
        yield False, together


def _fitted(sizes: list[list[int]], width: int) -> list[int]:
    """The width of each column; the widest one gives way if the sum is too large."""
    widths = [sum(each) + 3 * (len(each) - 1) for each in sizes]
    excess = sum(widths) + GAP * (len(widths) - 1) - width
    if excess > 0:
        widest = widths.index(max(widths))
        widths[widest] = max(widths[widest] - excess, 1)
    return widths


def _header(columns: Sequence[str], widths: Sequence[int]) -> RenderableType:
    grid = Grid.grid(padding=(0, GAP, 0, 0))
    for width in widths:
        grid.add_column(width=width)
    grid.add_row(*(Text(column, style="dim underline") for column in columns))
    return grid


def _right(table: Table, sizes: list[list[int]]) -> set[tuple[int, int]]:
    """The pieces that stand at the right of their place: those where every row has a number."""
    found = set()
    for number, pieces in enumerate(sizes):
        for each in range(len(pieces)):
            column = [row[number][each].text for row in table.rows if len(row) > number and len(row[number]) > each]
            if column and all(not text or _NUMBER.fullmatch(text) for text in column):
                found.add((number, each))
    return found


def _aligned(
    rows: Sequence[tuple[Pieces, ...]], sizes: list[list[int]], width: int, right: set[tuple[int, int]], ruled: bool
) -> RenderableType:
    grid = Grid.grid(padding=(0, 0, 0, 0))
    widths = _fitted(sizes, width)
    for number, pieces in enumerate(sizes):
        narrower = sum(pieces) + 3 * (len(pieces) - 1) - widths[number]
        for each, size in enumerate(pieces):
            if each:
                grid.add_column(width=3)
            grid.add_column(width=max(size - (narrower if size == max(pieces) else 0), 1), overflow="fold", justify="right" if (number, each) in right else "left")
        if number < len(sizes) - 1:
            grid.add_column(width=GAP)
    for number, row in enumerate(rows):
        if ruled and number == len(rows) - 1:
            grid.add_row(*_rule(sizes))
        grid.add_row(*_placed(row, sizes))
    return grid


def _placed(row: tuple[Pieces, ...], sizes: list[list[int]]) -> Iterator[Text]:
    for number, places in enumerate(sizes):
        pieces = row[number] if number < len(row) else ()
        for each in range(len(places)):
            shown = each < len(pieces)
            if each:
                yield Text(" = " if shown and pieces[each].text else "")
            yield _piece(pieces[each]) if shown else Text("")
        if number < len(sizes) - 1:
            yield Text("")


def _rule(sizes: list[list[int]]) -> Iterator[Text]:
    for number, places in enumerate(sizes):
        for each, size in enumerate(places):
            if each:
                yield Text("───", style="dim")
            yield Text("─" * size, style="dim", no_wrap=True, overflow="crop")
        if number < len(sizes) - 1:
            yield Text("")


def _column_after_column(table: Table, width: int) -> Iterator[RenderableType]:
    for number, column in enumerate(table.columns):
        rows = tuple((row[number],) for row in table.rows if len(row) > number and any(piece.text for piece in row[number]))
        if number:
            yield Text("")
        yield _grid(Table((column,), rows), width)


def _stacked(table: Table, width: int) -> Iterator[RenderableType]:
    """For a table without titles: the first cell at the left, the others one below the other beside it."""
    firsts = [cell_len(_chain(row[0]).plain) for row in table.rows if not _across(table, row)]
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=min(max(firsts, default=1), width // 3), overflow="fold")
    grid.add_column(overflow="fold")
    for row in table.rows:
        if _across(table, row):
            grid.add_row("", Text.assemble(*(Text(cell.text.strip(), style=STYLES[cell.role]) for cell in row[0])))
            continue
        first, *others = (_chain(pieces) for pieces in row)
        for number, part in enumerate([part for part in others if part.plain] or [Text("")]):
            grid.add_row("" if number else first, part)
    yield grid


def _records(table: Table) -> Iterator[RenderableType]:
    wide = max((cell_len(column) for column in table.columns[1:]), default=0)
    for row in table.rows:
        first, *others = row
        yield _chain(first)
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=wide)
        grid.add_column(overflow="fold")
        for column, pieces in zip(table.columns[1:], others, strict=False):
            if any(piece.text for piece in pieces):
                grid.add_row(Text(column, style="dim"), _chain(pieces))
        yield Padding(grid, (0, 0, 0, 2))

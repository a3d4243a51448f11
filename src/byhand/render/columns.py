"""The columns of a table in a terminal: pieces lined up at "=", numbers at their point, and what to do where the width is short."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rich.cells import cell_len
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from byhand.document import Cell, Role, Table

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
_NUMBER: Final = re.compile(r"(−?[\d,]+)(\.\d+)?(e−?\d+)?|(−?∞|NaN)")

Row = tuple[tuple[Cell, ...], ...]


def styled(cell: Cell) -> Text:
    """A piece with its colour, a verdict with its shape."""
    return Text(SHAPES.get(cell.role, "") + cell.text, style=STYLES[cell.role])


def line_of(cells: Sequence[Cell]) -> Text:
    """Pieces one behind the other."""
    return Text.assemble(*(styled(cell) for cell in cells))


def chain_of(pieces: Sequence[Cell]) -> Text:
    """Pieces with = between them."""
    return Text(" = ").join(styled(piece) for piece in pieces if piece.text)


def table_body(table: Table, width: int, *, ruled: bool = False) -> Iterator[RenderableType]:
    """The rows in this width; `ruled` draws a line above the last one."""
    table = _levelled(table)
    sizes = _sizes(table)
    widths = [_together(each) for each in sizes]
    needed = sum(widths) + GAP * (len(widths) - 1)
    if needed <= width:
        yield from _grid(table, sizes, ruled=ruled)
    elif len(sizes) > 1 and all(len(each) > 1 for each in sizes):
        yield from _column_after_column(table, width)
    elif not any(table.columns) or not all(len(each) == 1 for each in sizes):
        yield from _stacked(table, width)
    elif needed - max(widths) + NARROWEST > width:
        yield from _records(table)
    else:
        widest = widths.index(max(widths))
        yield from _grid(table, [[size - (needed - width)] if number == widest else [size] for number, (size,) in enumerate(sizes)])


def _width(cell: Cell) -> int:
    lines = cell.text.split("\n")
    return cell_len(SHAPES.get(cell.role, "")) + max(cell_len(line) for line in lines)


def _together(sizes: Sequence[int]) -> int:
    return sum(sizes) + 3 * (len(sizes) - 1)


def _across(table: Table, row: Row) -> bool:
    return len(row) == 1 and len(table.columns) > 1


def _levelled(table: Table) -> Table:
    """The table with numbers below each other moved so that their points, or ends, line up."""
    levels = {}
    for number in range(len(table.columns)):
        column = [row[number] for row in table.rows if not _across(table, row) and number < len(row)]
        for each in range(max(map(len, column), default=0)):
            levels[number, each] = _level([pieces[each].text for pieces in column if each < len(pieces)])
    return replace(table, rows=tuple(row if _across(table, row) else _moved(row, levels) for row in table.rows))


def _level(texts: Sequence[str]) -> int:
    """How far from the left the point stands; 0 if this is no column of numbers."""
    found = [_NUMBER.match(text) for text in texts if text]
    if not all(found) or any(not _NUMBER.fullmatch(part) for text in texts if text for part in text.split(" · ")):
        return 0
    return max((_before_point(match) for match in found if match), default=0)


def _before_point(match: re.Match[str]) -> int:
    return len(match[1] or match[4])


def _moved(row: Row, levels: dict[tuple[int, int], int]) -> Row:
    return tuple(tuple(_right(piece, levels[number, each]) for each, piece in enumerate(pieces)) for number, pieces in enumerate(row))


def _right(piece: Cell, level: int) -> Cell:
    match = _NUMBER.match(piece.text) if level else None
    return piece if match is None else replace(piece, text=" " * (level - _before_point(match)) + piece.text)


def _sizes(table: Table) -> list[list[int]]:
    """The width of every column's pieces."""
    found = []
    for number, header in enumerate(table.columns):
        column = [row[number] for row in table.rows if not _across(table, row) and number < len(row)]
        most = max((len(pieces) for pieces in column), default=1)
        sizes = [max((_width(pieces[each]) for pieces in column if each < len(pieces)), default=0) for each in range(max(most, 1))]
        sizes[-1] += max(cell_len(header) - _together(sizes), 0)
        found.append(sizes)
    return found


def _grid(table: Table, sizes: list[list[int]], *, ruled: bool = False) -> Iterator[RenderableType]:
    if any(table.columns):
        yield _header(table.columns, [_together(each) for each in sizes])
    grid = _empty(sizes)
    for number, row in enumerate(table.rows):
        if _across(table, row):
            yield from [grid] if grid.row_count else []
            yield line_of(row[0])
            grid = _empty(sizes)
            continue
        if ruled and number == len(table.rows) - 1:
            grid.add_row(*_rule(sizes))
        grid.add_row(*_placed(row, sizes))
    yield from [grid] if grid.row_count else []


def _header(columns: Sequence[str], widths: Sequence[int]) -> RenderableType:
    grid = Grid.grid(padding=(0, GAP, 0, 0))
    for width in widths:
        grid.add_column(width=width)
    grid.add_row(*(Text(column, style="dim underline") for column in columns))
    return grid


def _empty(sizes: list[list[int]]) -> Grid:
    grid = Grid.grid(padding=0)
    for number, pieces in enumerate(sizes):
        if number:
            grid.add_column(width=GAP)
        for each, size in enumerate(pieces):
            if each:
                grid.add_column(width=3)
            grid.add_column(width=max(size, 1), overflow="fold")
    return grid


def _placed(row: Row, sizes: list[list[int]]) -> Iterator[Text]:
    for number, places in enumerate(sizes):
        pieces = row[number] if number < len(row) else ()
        if number:
            yield Text("")
        for each in range(len(places)):
            piece = pieces[each] if each < len(pieces) else Cell("")
            if each:
                yield Text(" = " if piece.text else "")
            yield styled(piece)


def _rule(sizes: list[list[int]]) -> Iterator[Text]:
    for number, places in enumerate(sizes):
        if number:
            yield Text("")
        for each, size in enumerate(places):
            if each:
                yield Text("───", style="dim")
            yield Text("─" * size, style="dim")


def _column_after_column(table: Table, width: int) -> Iterator[RenderableType]:
    for number, column in enumerate(table.columns):
        rows = tuple(row if _across(table, row) else (row[number], ()) for row in table.rows)
        told = tuple(row for row in rows if any(piece.text for piece in row[0]))
        if number:
            yield Text("")
        yield from table_body(Table((column, ""), told), width)


def _stacked(table: Table, width: int) -> Iterator[RenderableType]:
    """The first cell at the left, the others one below the other beside it."""
    if not any(pieces for row in table.rows for pieces in row[1:]):
        yield from (_broken(_trimmed(row[0]), width) for row in table.rows)
        return
    firsts = [_width(row[0][0]) for row in table.rows if not _across(table, row) and row[0]]
    grid = Grid.grid(padding=(0, 2, 0, 0))
    left = min(max(firsts, default=1), width // 3)
    grid.add_column(width=left, overflow="fold")
    grid.add_column(overflow="fold")
    for row in table.rows:
        if _across(table, row):
            grid.add_row("", line_of([replace(cell, text=cell.text.strip()) for cell in row[0]]))
            continue
        others = [pieces for pieces in row[1:] if any(piece.text for piece in pieces)]
        for number, pieces in enumerate(others or [()]):
            grid.add_row("" if number else chain_of(row[0]), _broken(_trimmed(pieces), width - left - 2))
    yield grid


def _broken(pieces: Sequence[Cell], width: int) -> Text:
    """Pieces with = between them, each on its own line if they do not fit on one."""
    line = chain_of(pieces)
    if line.cell_len <= width or any("\n" in piece.text for piece in pieces):
        return line
    return Text("\n= ").join(styled(piece) for piece in pieces if piece.text)


def _trimmed(pieces: Sequence[Cell]) -> list[Cell]:
    return [replace(piece, text=piece.text.strip()) for piece in pieces]


def _records(table: Table) -> Iterator[RenderableType]:
    """Every row by itself: its first cell, and below it the others behind their titles."""
    wide = max((cell_len(column) for column in table.columns[1:]), default=0)
    for row in table.rows:
        yield chain_of(_trimmed(row[0]))
        grid = Grid.grid(padding=(0, 2, 0, 0))
        grid.add_column(width=max(wide, 1))
        grid.add_column(overflow="fold")
        for column, pieces in zip(table.columns[1:], row[1:], strict=False):
            if any(piece.text for piece in pieces):
                grid.add_row(Text(column, style="dim"), chain_of(_trimmed(pieces)))
        yield Padding(grid, (0, 0, 0, 2))

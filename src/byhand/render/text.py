"""A document in a terminal, through rich: aligned where it fits, one below the other where it does not."""

import io

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from byhand.document import Block, Cell, Document, Formula, Heading, Ledger, Prose, Table
from byhand.render.columns import GAP, chain_of, line_of, styled, table_body

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
            return line_of(cells)
        case Formula(parts, remark):
            return _formula(parts, remark, width)
        case Table():
            return _table(block, width)
        case Ledger():
            return _ledger(block, width)


def _heading(text: str, level: int) -> RenderableType:
    if level > 1:
        return Text(text, style="bold")
    return Group(Text(text, style="bold"), Text("━" * cell_len(text), style="dim", no_wrap=True, overflow="crop"))


def _formula(parts: Pieces, remark: Pieces, width: int) -> RenderableType:
    line, note = chain_of(parts), line_of(remark)
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
        grid.add_row(styled(first) if number == 0 else "", "=", styled(part))
    return grid if others else styled(first)


def _ledger(ledger: Ledger, width: int) -> RenderableType:
    rows = tuple(((row[0],), row[1:]) for row in (*ledger.rows, ledger.total))
    return Group(Text(ledger.title), Padding(Group(*table_body(Table(("", ""), rows), width - 4, ruled=True)), (0, 0, 0, 4)))


def _table(table: Table, width: int) -> RenderableType:
    caption = [Text(table.caption, style="bold")] if table.caption else []
    return Group(*caption, *table_body(table, width))

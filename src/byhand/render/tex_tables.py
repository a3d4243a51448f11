"""Tables for LaTeX that stay on the page: as they are if they fit, else with columns that wrap, else each row by itself."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from byhand.document import Cell
from byhand.render.tex_letters import escape
from byhand.render.tex_pieces import SIZES, line, matrix, piece, rows_of, stiff, wide

PAGE: Final = 345.0  # points: the width of the text in an article
GAP: Final = 18.0  # points between columns
NARROW_GAP: Final = 10.0  # the same between columns that wrap
EQUALS: Final = 13.0  # points of an = between two pieces
NARROWEST: Final = 50.0  # points of a column that wraps
MOST_LINES: Final = 4  # in a cell of a table; what needs more has a line of its own
BESIDE: Final = 10.0  # points between the first cell and what is told beside it
SMALLEST: Final = 7.4  # points of the smallest letters of a matrix, as wide as they come out, that has no line of its own
NEXT: Final = r"\\[2pt] "
LONGEST: Final = 30  # lines of a table; LaTeX does not break one over pages

Row = Sequence[Sequence[Cell]]


def table(columns: Sequence[str], rows: Sequence[Row], *, total: Row = ()) -> str:
    """A table of chains of equal pieces, with titles over its columns if there are any, and with a total under a line."""
    every = [*rows, total] if total else [*rows]
    sizes = _sizes(columns, every)
    if sum(map(sum, sizes)) + GAP * (len(sizes) - 1) + EQUALS * sum(len(each) - 1 for each in sizes) <= PAGE:
        return _parts(columns, rows, total, _Grid(sizes))
    narrow = _narrowed([sum(each) + EQUALS * (len(each) - 1) for each in sizes], _least(columns, every))
    if narrow and not any(rows_of(cell.text) for row in every for pieces in row for cell in pieces):
        return _parts(columns, rows, total, _Grid(sizes, narrow))
    return _stacked(columns, rows, total)


def chain(pieces: Sequence[Cell], *, loose: bool = False) -> str:
    """Pieces with = between them, on one line."""
    return r" ${}={}$ ".join(piece(cell, loose=loose) for cell in pieces if cell.text)


class _Grid:
    """The rows of a table whose columns are as wide as what is in them, or have the widths that are given."""

    def __init__(self, sizes: Sequence[Sequence[float]], narrow: Sequence[float] = ()) -> None:
        self._counts = [1 if narrow else len(each) for each in sizes]
        self._narrow = narrow

    @property
    def spec(self) -> str:
        """The columns as LaTeX wants them."""
        if self._narrow:
            return r"@{\hspace{10pt}}".join(f"p{{{int(each)}pt}}" for each in self._narrow)
        return r"@{\hspace{18pt}}".join("l" + r"@{\;}l" * (count - 1) for count in self._counts)

    def header(self, columns: Sequence[str]) -> str:
        """The titles over the columns."""
        cells = (
            f"\\multicolumn{{{count}}}{{@{{}}l}}{{\\emph{{{escape(each)}}}}}" for each, count in zip(columns, self._counts, strict=True)
        )
        return " & ".join(cells) + r" \\ \hline"

    def row(self, row: Row) -> str:
        """One row."""
        if len(row) == 1 and len(self._counts) > 1:
            whole = sum(self._narrow) + NARROW_GAP * (len(self._narrow) - 1) if self._narrow else PAGE
            return f"\\multicolumn{{{sum(self._counts)}}}{{@{{}}p{{{whole - 6:.0f}pt}}}}{{\\raggedright {line(row[0])}}} \\\\"
        if self._narrow:
            return " & ".join(r"\raggedright " + chain(pieces, loose=True) for pieces in row) + r" \tabularnewline"
        placed = " & ".join(part for pieces, count in zip(row, self._counts, strict=True) for part in _placed(pieces, count))
        return placed.replace(r"\newline{}", " ") + r" \\"

    def lines(self, row: Row) -> float:
        """About how many lines of the page a row takes."""
        if not self._narrow or len(row) == 1:
            return max((len(rows_of(cell.text) or ()) for pieces in row for cell in pieces), default=1) or 1
        return max(_chain_wide(pieces) // room + 1 for pieces, room in zip(row, self._narrow, strict=True))


def _sizes(columns: Sequence[str], rows: Sequence[Row]) -> list[list[float]]:
    """The width of every column's pieces."""
    found = []
    for number, title in enumerate(columns):
        column = _column(columns, rows, number)
        most = max((len(pieces) for pieces in column), default=1)
        sizes = [max((wide(pieces[each]) for pieces in column if each < len(pieces)), default=0.0) for each in range(max(most, 1))]
        sizes[-1] += max(wide(Cell(title)) - sum(sizes), 0.0)
        found.append(sizes)
    return found


def _column(columns: Sequence[str], rows: Sequence[Row], number: int) -> list[Sequence[Cell]]:
    """The cells of one column, without the rows that go across."""
    return [row[number] for row in rows if not (len(row) == 1 and len(columns) > 1) and number < len(row)]


def _least(columns: Sequence[str], rows: Sequence[Row]) -> list[float]:
    """The width that every column needs for what does not break."""
    found = []
    for number, title in enumerate(columns):
        cells = [cell for pieces in _column(columns, rows, number) for cell in pieces]
        found.append(max([wide(Cell(title)), *map(stiff, cells)]) + EQUALS)
    return found


def _narrowed(wanted: Sequence[float], least: Sequence[float]) -> list[float]:
    """The columns brought down to the page, the widest first; none if one would then be too narrow for what is in it."""
    room = PAGE - NARROW_GAP * (len(wanted) - 1) - 2
    low, high = NARROWEST, PAGE
    for _ in range(20):
        level = (low + high) / 2
        found = [min(most, max(few, level)) for most, few in zip(wanted, least, strict=True)]
        low, high = (low, level) if sum(found) > room else (level, high)
    found = [min(most, max(few, low)) for most, few in zip(wanted, least, strict=True)]
    fits = sum(found) <= room and all(most <= MOST_LINES * each for each, most in zip(found, wanted, strict=True))
    return found if fits else []


def _parts(columns: Sequence[str], rows: Sequence[Row], total: Row, grid: _Grid) -> str:
    """The table, cut where it would be longer than a page."""
    parts: list[list[Row]] = [[]]
    lines = 0.0
    for row in rows:
        if lines + grid.lines(row) > LONGEST and parts[-1]:
            parts.append([])
            lines = 0.0
        parts[-1].append(row)
        lines += grid.lines(row)
    return "\n\n".join(_tabular(columns, part, total if part is parts[-1] else (), grid) for part in parts)


def _tabular(columns: Sequence[str], rows: Sequence[Row], total: Row, grid: _Grid) -> str:
    lines = [grid.header(columns)] if any(columns) else []
    lines += map(grid.row, rows)
    lines += [r"\hline", grid.row(total)] if total else []
    start = f"{{\\small\\renewcommand{{\\arraystretch}}{{1.5}}\\noindent\n\\begin{{tabular}}{{@{{}}{grid.spec}@{{}}}}\n"
    return start + "\n".join(lines) + "\n\\end{tabular}}\\par\\medskip"


def _placed(pieces: Sequence[Cell], count: int) -> Iterator[str]:
    for number in range(count):
        cell = pieces[number] if number < len(pieces) else None
        told = "" if cell is None or not cell.text else _whole(cell, PAGE)
        yield (r"${}={}$ " if number and told else "") + told


def _whole(cell: Cell, room: float) -> str:
    """A piece that may be a matrix; mathematics that is wider than the room and would not break is told as text."""
    rows = None if cell.latex else rows_of(cell.text)
    if rows and wide(cell, SIZES[r"\tiny"]) <= room:
        return matrix(rows, room)
    return piece(replace(cell, latex="") if cell.latex and stiff(cell) > room else cell, loose=room < PAGE).replace(r"\newline{}", " ")


def _chain_wide(pieces: Sequence[Cell]) -> float:
    return sum(map(wide, pieces)) + EQUALS * max(len(pieces) - 1, 0)


def _stacked(columns: Sequence[str], rows: Sequence[Row], total: Row) -> str:
    """The first cell at the left, the others one below the other beside it, with their titles if there are any."""
    firsts = [_chain_wide(row[0]) for row in [*rows, total] if len(row) > 1]
    left = min(max(firsts, default=0.0) + 2, PAGE / 3)
    told = [_stacked_row(columns, row, left) for row in rows]
    told += [r"\noindent\rule{\linewidth}{0.4pt}", _stacked_row(columns, total, left)] if total else []
    return "{\\small\n" + "\n\n".join(told) + "\n\n}\\medskip"


def _stacked_row(columns: Sequence[str], row: Row, left: float) -> str:
    if len(row) == 1:
        return f"\\noindent{_box(_below(row[0], PAGE), PAGE)}\\par\\smallskip"
    room = PAGE - left - BESIDE
    others = [(title, [cell for cell in pieces if cell.text]) for title, pieces in zip(columns[1:], row[1:], strict=False)]
    told = [_titled(title) + _below(pieces, room) for title, pieces in others if pieces and not _large(pieces, room)]
    below = [_titled(title) + _below(pieces, PAGE) for title, pieces in others if pieces and _large(pieces, room)]
    first = f"\\parbox[t]{{{left:.0f}pt}}{{\\raggedright {_below(row[0], left)}}}"
    beside = f"\\noindent{first}\\hspace{{{BESIDE:.0f}pt}}{_box(NEXT.join(told), room)}\\par\\smallskip"
    return "\n\n".join([beside, *(f"\\noindent{_box(each, PAGE)}\\par\\smallskip" for each in below)])


def _titled(title: str) -> str:
    return f"\\emph{{{escape(title)}}} " if title else ""


def _large(pieces: Sequence[Cell], room: float) -> bool:
    """Whether there is a matrix that has more room below than beside, and enough."""
    sizes = [(wide(cell, SMALLEST), wide(cell, SIZES[r"\tiny"])) for cell in pieces if not cell.latex and rows_of(cell.text)]
    return any(wanted > room and least <= PAGE - EQUALS for wanted, least in sizes)


def _below(pieces: Sequence[Cell], room: float) -> str:
    """A chain, each piece on its own line where it does not fit on one."""
    between = r" ${}={}$ " if _chain_wide(pieces) <= room else r"\\ ${}={}$ "
    return between.join(_whole(cell, room - (EQUALS if number else 1)) for number, cell in enumerate(pieces))


def _box(text: str, room: float) -> str:
    return f"\\parbox[t]{{{room:.0f}pt}}{{\\raggedright {text}\\strut}}"

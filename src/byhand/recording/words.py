"""The exact words of a piece of source, on one line."""

import ast
import io
import tokenize
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar, cast

Piece = ast.expr | ast.stmt
Range = tuple[int, int, int, int]
"""First line, first column, last line, last column; columns count UTF-8 bytes, as Python's do."""

Result = TypeVar("Result")
_OPENING = frozenset({"(", "[", "{", "."})
_CLOSING = frozenset({")", "]", "}", ".", ","})
_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER})
_FRONT, _BACK = "_[", "]"  # what may stand between these: any expression, and slices too


def extent(piece: Piece) -> Range:
    """Where an expression or statement was written."""
    line, column = piece.lineno, piece.col_offset
    return line, column, piece.end_lineno or line, column if piece.end_col_offset is None else piece.end_col_offset


@dataclass(frozen=True)
class Words:
    """The lines of a source, and what its pieces say."""

    lines: list[str]

    def line(self, number: int) -> str:
        """One line without its margins, "" where there is none."""
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""

    def columns(self, place: Range) -> tuple[int, int]:
        """The first and the last column of a place on its first line, counted in characters."""
        first, column, last, stop = place
        line = self.lines[first - 1].rstrip()
        start = len(line.encode()[:column].decode(errors="replace"))
        return start, len(line.encode()[:stop].decode(errors="replace")) if last == first else len(line)

    def text(self, piece: Piece) -> str:
        """What the piece says, on one line; "" if the words at its place do not read as this piece."""
        return quietly(lambda: self._text(piece)) or ""

    def _text(self, piece: Piece) -> str:
        if isinstance(piece, ast.Starred):
            value = self.text(piece.value)
            return value and f"*{value}"
        written = self._written(extent(piece))
        candidates = [written] if "\n" not in written else [_joined(written), ast.unparse(piece)]
        meant = _shape(piece)
        return next((text for text in candidates if "\n" not in text and _shape(_parsed(text, piece)) == meant), "")

    def _written(self, place: Range) -> str:
        first, column, last, stop = place
        encoded = [line.encode() for line in self.lines[first - 1 : last]]
        encoded[-1] = encoded[-1][:stop]
        encoded[0] = encoded[0][column:]
        return b"".join(encoded).decode()


def _shape(piece: ast.AST) -> str:
    return ast.dump(piece).replace("ctx=Store()", "ctx=Load()")


def _parsed(text: str, like: Piece) -> ast.AST:
    if isinstance(like, ast.stmt):
        return ast.parse(text).body[0]
    if isinstance(like, ast.Yield | ast.YieldFrom):
        return ast.parse(f"({text})", mode="eval").body
    item = ast.parse(f"{_FRONT}{text}{_BACK}", mode="eval").body
    return item.slice if isinstance(item, ast.Subscript) else item


def _joined(written: str) -> str:
    """Several lines as one, without comments and without the comma that ends a bracket's last line."""
    rows = f"{_FRONT}{written}{_BACK}".splitlines(keepends=True)
    found: list[str] = []
    before: tokenize.TokenInfo | None = None
    for token in _tokens(rows):
        if before is not None and token.start[0] == before.end[0]:
            found.append(rows[token.start[0] - 1][before.end[1] : token.start[1]])
        elif before is not None and token.string in _CLOSING:
            if before.string == ",":
                found.pop()
        elif before is not None and before.string not in _OPENING:
            found.append(" ")
        found.append(_slice(rows, token))
        before = token
    return "".join(found)[len(_FRONT) : -len(_BACK)]


def _tokens(rows: list[str]) -> Iterator[tokenize.TokenInfo]:
    tokens = tokenize.generate_tokens(io.StringIO("".join(rows)).readline)
    return (token for token in tokens if token.type not in _LAYOUT)


def _slice(rows: list[str], token: tokenize.TokenInfo) -> str:
    (first, column), (last, stop) = token.start, token.end
    return rows[first - 1][column:stop] if first == last else token.string


def quietly(read: Callable[[], Result]) -> Result | None:
    """What `read` gives, or None where a text cannot be read or is not Python; it warns of nothing."""
    # catch_warnings would make Python show the user's own warnings a second time.
    filters = cast("list[Any]", warnings.filters)
    ignore = ("ignore", None, Warning, None, 0)
    filters.insert(0, ignore)
    try:
        return read()
    except (SyntaxError, ValueError, LookupError, OSError, RecursionError, MemoryError, OverflowError):
        return None
    finally:
        filters.remove(ignore)

"""The source a code object was compiled from: its syntax tree, and whether it still is that source."""

import ast
import linecache
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType

from byhand.recording.bytecode import Position, meaning
from byhand.recording.words import Piece, Range, Words, extent, quietly

VERSIONS = 4  # texts remembered of one file, so that what was loaded before an edit keeps its source
_FUTURES = 0x1FE0000  # the bits of co_flags that `from __future__ import ...` sets
_sources: dict[str, list["Source"]] = {}


@dataclass(eq=False)
class Source:
    """One text of a file, parsed once. `pieces` are by their position; `parents` lead from a node to what holds it."""

    file: str
    words: Words
    tree: ast.Module
    pieces: dict[Position, list[Piece]] = field(default_factory=dict)
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    _compiled: dict[int, dict[tuple[str, int], list[CodeType]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for parent in ast.walk(self.tree):
            for child in ast.iter_child_nodes(parent):
                self.parents[child] = parent
                if isinstance(child, ast.expr | ast.stmt):
                    for place in _positions(child):
                        self.pieces.setdefault(place, []).append(child)

    def holds(self, code: CodeType) -> bool:
        """Whether this whole text compiles to the code, place by place."""
        return code in self._candidates(code)

    def says(self, code: CodeType, places: list[Range]) -> bool:
        """Whether the code does, in the places given, what this text says there."""
        if self.holds(code):
            return True
        candidates = self._candidates(code)
        done = meaning(code, places) if candidates else []
        return bool(done) and any(meaning(each, places) == done for each in candidates)

    def _candidates(self, code: CodeType) -> list[CodeType]:
        """The code objects of this text that could be the given one: the same function, on the same line."""
        flags = code.co_flags & _FUTURES
        if flags not in self._compiled:
            self._compiled[flags] = self._compile(flags)
        return self._compiled[flags].get((code.co_qualname, code.co_firstlineno), [])

    def _compile(self, flags: int) -> dict[tuple[str, int], list[CodeType]]:
        flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        whole = quietly(lambda: compile(self.tree, self.file, "exec", flags, dont_inherit=True))
        waiting = [] if whole is None else [whole]
        compiled: dict[tuple[str, int], list[CodeType]] = {}
        while waiting:
            code = waiting.pop()
            compiled.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
            waiting += [each for each in code.co_consts if isinstance(each, CodeType)]
        return compiled

    def enters(self, piece: Piece) -> bool:
        """Whether a `with` is made on the piece."""
        return isinstance(self.parents.get(piece), ast.withitem)

    def statement(self, piece: Piece) -> list[Range]:
        """The places of the statement around a piece; of a compound statement only of the part that the piece is in."""
        inner: ast.AST = piece
        top = piece
        while not isinstance(inner, ast.stmt | ast.match_case | ast.ExceptHandler):
            top = inner if isinstance(inner, ast.expr) else top
            inner = self.parents.get(inner, self.tree.body[0])
        match inner:
            case ast.For(target=target, iter=looped):
                return [extent(target), extent(looped)]
            case ast.stmt() if not hasattr(inner, "body") and not isinstance(inner, ast.Expr | ast.Match):
                return [extent(inner)]
            case _:
                return [extent(top)]


def _positions(piece: Piece) -> Iterator[Position]:
    first, column, last, stop = extent(piece)
    yield first, last, column, stop
    named = piece.func if isinstance(piece, ast.Call) else piece
    # Python places a method on a line of its own at the method's name.
    if isinstance(named, ast.Attribute) and named.end_lineno is not None and named.end_lineno != first:
        yield named.end_lineno, last, extent(named)[3] - len(named.attr.encode()), stop


def sources(file: str) -> Iterator[Source]:
    """The texts known of a file, first the one read first; at last, if that has changed, what stands there now."""
    known = _sources.setdefault(file, [])
    yield from tuple(known)
    if known:
        linecache.checkcache(file)
    lines = quietly(lambda: linecache.getlines(file)) or []
    if not lines or any(lines == each.words.lines for each in known):
        return
    tree = quietly(lambda: ast.parse("".join(lines), file))
    if tree is not None and tree.body:
        known.append(Source(file, Words(lines), tree))
        del known[:-VERSIONS]
        yield known[-1]

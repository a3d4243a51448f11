"""How an operation is called: by the name its result gets in the user's program, else by its own words. Never guessed."""

import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import CodeType

from byhand.graph import Origin
from byhand.recording.bytecode import following, operation, position, stored
from byhand.recording.expressions import KINDS, Operand, Said, said
from byhand.recording.source import Source, sources
from byhand.recording.targets import Target, Targets
from byhand.recording.words import Piece, extent

_WITH = frozenset({"BEFORE_WITH", "BEFORE_ASYNC_WITH"})


@dataclass(frozen=True, slots=True)
class Written:
    """An operation as it stands in the user's program.

    `text` is its line, `columns` its first and last character there. `target` is the name its result is given, a tuple
    where the result is unpacked, `aliases` are further ones; `each` says they name the elements one after the other.
    `operands` are its arguments, positional ones first; `receiver` is what a method is called on, or a function's module;
    `operator` says they stand left and right of a sign. One instruction may call PyTorch many times (`y = model(x)`): the
    target is the name of what the instruction gives in the end, so it belongs to the call that made that.
    Where the source is missing or has changed, words are empty and only what the code itself tells is left.
    """

    file: str
    line: int
    text: str = ""
    columns: tuple[int, int] | None = None
    expression: str = ""
    target: Target = None
    aliases: tuple[Target, ...] = ()
    each: bool = False
    operands: tuple[Operand, ...] = ()
    receiver: Operand | None = None
    operator: bool = False

    @property
    def label(self) -> str:
        """The name of the result, else the words of the operation, else ""."""
        return self.target if isinstance(self.target, str) and not self.each else self.expression

    @property
    def origin(self) -> Origin:
        """Where it was written, as the graph keeps it."""
        return Origin(self.file, self.line, self.text, self.columns)

    def arguments(self, count: int, *, mixed: bool = False) -> tuple[Operand, ...]:
        """The operands in the order of a function's `count` positional arguments, a method's receiver first; empty if not certain.

        Python hands `2 * w` to w, which then is the first argument. `mixed` says that one of the arguments is no tensor:
        then `c * w` and `w * c` look the same to the function, and only a literal tells which it was.
        """
        given = tuple(each for each in self.operands if not each.keyword)
        if self.operator and count == len(given) == 2:
            left, right = given
            return (right, left) if left.literal else () if mixed and not right.literal else given
        if any(each.text.startswith("*") for each in given):
            return ()
        if self.receiver is not None and len(given) + 1 == count:
            return (self.receiver, *given)
        return given if len(given) == count else ()


@dataclass(slots=True)
class _Known:
    """What was found for one code object; it is forgotten with the code."""

    code: "weakref.ref[CodeType]"
    found: dict[int, Written]


# Code objects are equal when they only do the same, wherever they were written: so they are told apart by identity.
_known: dict[int, _Known] = {}


def written(code: CodeType, instruction: int) -> Written:
    """How the operation at an instruction of a code object was written (`frame.f_code`, `frame.f_lasti`)."""
    known = _known.get(id(code))
    if known is None:
        known = _remember(code)
    found = known.found.get(instruction)
    if found is None:
        found = known.found[instruction] = _read(code, instruction)
    return found


def _remember(code: CodeType) -> _Known:
    key = id(code)

    def forget(reference: "weakref.ref[CodeType]") -> None:
        known = _known.get(key)
        if known is not None and known.code is reference:
            del _known[key]

    known = _known[key] = _Known(weakref.ref(code, forget), {})
    return known


def written_along(stack: Iterable[tuple[CodeType, int]]) -> tuple[Written, ...]:
    """How each frame of a stack was written, in its order: of the innermost the operation itself, of the others the calls to it."""
    return tuple(written(code, instruction) for code, instruction in stack)


def number_names(names: Sequence[str]) -> tuple[int, ...]:
    """The occurrence of every name, in order: 0 for a name used once, else 1, 2, 3; 0 for no name."""
    total, met = Counter(names), Counter[str]()
    numbers = []
    for name in names:
        met[name] += 1
        numbers.append(met[name] if name and total[name] > 1 else 0)
    return tuple(numbers)


def _read(code: CodeType, instruction: int) -> Written:
    first, last, column, stop = position(code, instruction)
    file, line = code.co_filename, first or 0
    name = operation(code, instruction)
    if first is None or last is None or column is None or stop is None or name not in KINDS:
        return _without_words(code, instruction, line)
    partly = None
    for source in sources(file):
        piece = _piece(source, name, (first, last, column, stop))
        if piece is not None and source.says(code, source.statement(piece)):
            return _with_words(code, instruction, source, piece, None)
        if piece is not None and source.says(code, [extent(piece)]):
            partly = source, piece
    if partly is not None:
        return _with_words(code, instruction, *partly, stored(code, instruction))
    return _without_words(code, instruction, line)


def _piece(source: Source, name: str, place: tuple[int, int, int, int]) -> Piece | None:
    """The one piece of source at a place that the instruction could carry out."""
    found = [each for each in source.pieces.get(place, ()) if isinstance(each, KINDS[name])]
    return found[0] if len(found) == 1 else None


def _with_words(code: CodeType, instruction: int, source: Source, piece: Piece, targets: Targets | None) -> Written:
    first, last, column, stop = position(code, instruction)
    found = said(operation(code, instruction), piece, source.parents, source.words)
    if found is None or (source.enters(piece) and following(code, instruction) not in _WITH):
        found = Said(targets=stored(code, instruction))
    targets = targets or found.targets
    names = [each for each in targets.bound if each is not None]
    return Written(
        code.co_filename,
        first or 0,
        source.words.line(first or 0),
        source.words.columns((first or 0, column or 0, last or 0, stop or 0)),
        found.expression,
        names[0] if names else None,
        tuple(names[1:]),
        targets.each,
        found.operands,
        found.receiver,
        found.operator,
    )


def _without_words(code: CodeType, instruction: int, line: int) -> Written:
    """What is certain without source; the line's text only if the file is exactly the one that runs."""
    targets = stored(code, instruction)
    text = next((source.words.line(line) for source in sources(code.co_filename) if source.holds(code)), "")
    return Written(
        code.co_filename,
        line,
        text,
        target=targets.bound[0] if targets.bound else None,
        aliases=targets.bound[1:],
        each=targets.each,
    )

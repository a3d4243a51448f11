"""What a code object itself tells about an instruction: which one it is, and the name its result gets. Needs no source."""

import dis
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import attrgetter
from types import CodeType

from byhand.recording.targets import NOWHERE, Target, Targets
from byhand.recording.words import Range

Position = tuple[int | None, int | None, int | None, int | None]
"""First line, last line, first column, last column; columns count UTF-8 bytes. None where Python did not keep them."""

Word = tuple[str, object]
"""The name and the argument of one instruction."""

LISTINGS = 8  # code objects whose instructions are kept
_STORES = frozenset({"STORE_NAME", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF"})
_LOADS = frozenset({"LOAD_NAME", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF"})
_GIVES = frozenset({"BINARY", "UNARY", "COMPARE", "CALL", "UNPACK", "GET", "FOR", "BEFORE"})  # how instructions that make a value begin
_READS = frozenset({"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"})
_PADDING = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL"})
_MUTE = _PADDING | {"RESUME", "POP_TOP", "PRINT_EXPR", "CALL_INTRINSIC_1", "RETURN_VALUE", "RETURN_CONST", "COPY", "SWAP"}
_POSITIVE = 5  # the argument of CALL_INTRINSIC_1 that means a plus sign
_JUMPS = frozenset({*dis.hasjrel, *dis.hasjabs})
_offset = attrgetter("offset")
_listings: dict[int, tuple[CodeType, list[dis.Instruction]]] = {}


def position(code: CodeType, offset: int) -> Position:
    """Where the instruction at the offset was written."""
    return next(islice(code.co_positions(), max(offset, 0) // 2, None), (None, None, None, None))


def operation(code: CodeType, offset: int) -> str:
    """The name of the instruction that runs at the offset, "" outside the code. Both halves of a call in 3.11 are the call."""
    name, argument = _stands(code, offset)
    if name == "CALL_INTRINSIC_1" and argument == _POSITIVE:
        return "UNARY_POSITIVE"
    return "CALL" if name == "PRECALL" else name


def _stands(code: CodeType, offset: int) -> tuple[str, int]:
    raw = code.co_code
    if not 0 <= offset < len(raw):
        return "", 0
    while offset and dis.opname[raw[offset]] == "CACHE":
        offset -= 2
    return dis.opname[raw[offset]], raw[offset + 1]


def following(code: CodeType, offset: int) -> str:
    """The name of the instruction that runs after the one at the offset."""
    return next((each.opname for each in _run(code, offset)), "")


def meaning(code: CodeType, places: Iterable[Range]) -> list[tuple[str, str]]:
    """The instructions written inside any of the places, with their arguments.

    Two code objects of one meaning were written with the same words there. Jumps are left out: their distances vary.
    """
    places = list(places)
    found: list[tuple[str, str]] = []
    before: dis.Instruction | None = None
    for each in _listing(code):
        if _inside(each, places):
            if before is not None and before.opname == "LOAD_FAST_LOAD_FAST":
                found.append(_argument(before))
            if each.opname not in _MUTE and each.opcode not in _JUMPS:
                found.append(_argument(each))
            before = None
        else:
            before = each
    return found


def stored(code: CodeType, offset: int) -> Targets:
    """The names that the result of the instruction at the offset is stored under, read from what runs next.

    Only what is certain: a result that goes elsewhere first, or to a place too complicated to tell, has none.
    """
    name = operation(code, offset)
    if name not in _READS and name.partition("_")[0] not in _GIVES:
        return NOWHERE
    following = _Reader(code, offset, itself=name.startswith(("UNPACK_", "GET_ITER")))
    if following.skip("GET_ITER"):
        element = following.target() if following.skip("FOR_ITER") else None
        return Targets((element,), each=True) if element else NOWHERE
    bound: list[Target] = []
    wanted = 1
    while wanted:
        if following.skip("COPY", 1):
            wanted += 1
        elif target := following.target():
            bound.append(target)
            wanted -= 1
        else:
            break
    return Targets(tuple(bound))


def _listing(code: CodeType) -> list[dis.Instruction]:
    """The instructions of a code object without padding."""
    known = _listings.get(id(code))
    if known is None or known[0] is not code:
        known = code, [each for each in dis.get_instructions(code) if each.opname not in _PADDING]
        for oldest in list(_listings)[: 1 - LISTINGS]:
            _listings.pop(oldest, None)
        _listings[id(code)] = known
    return known[1]


def _run(code: CodeType, offset: int, *, itself: bool = False) -> Iterator[dis.Instruction]:
    """The instructions in the order they run after the one at the offset, or from it on, until Python has a choice."""
    listing = _listing(code)
    number = bisect_right(listing, offset, key=_offset) - itself
    if _stands(code, offset)[0] == "PRECALL":
        number += 1
    while 0 <= number < len(listing):
        each = listing[number]
        if each.opname == "JUMP_FORWARD":
            number = bisect_left(listing, each.argval, key=_offset)
        else:
            yield each
            number += 1


class _Reader:
    """Reads what runs after an instruction, word by word."""

    def __init__(self, code: CodeType, offset: int, *, itself: bool) -> None:
        self._words = (word for each in _run(code, offset, itself=itself) for word in _apart(each))
        self._waiting: list[Word] = []

    def _next(self) -> Word:
        return self._waiting.pop() if self._waiting else next(self._words, ("", None))

    def skip(self, name: str, argument: object = None) -> bool:
        """Whether this word comes next, with this argument if one is given; then it is passed over."""
        word = self._next()
        met = word[0] == name and argument in (None, word[1])
        if not met:
            self._waiting.append(word)
        return met

    def target(self) -> Target:
        """The one target the value goes to next, or None."""
        name, argument = self._next()
        match name, argument:
            case "UNPACK_SEQUENCE", int(count):
                return self._elements(count, star=-1)
            case "UNPACK_EX", int(counts):
                return self._elements((counts & 255) + (counts >> 8) + 1, star=counts & 255)
            case _, str(variable) if name in _STORES:
                return _typed(variable)
            case _, str(variable) if name in _LOADS:
                return _typed(self._place(variable))
        return None

    def _elements(self, count: int, *, star: int) -> Target:
        found: list[Target] = []
        for number in range(count):
            element = self.target()
            if element is None:
                return None
            found.append(f"*{element}" if number == star else element)
        return tuple(found)

    def _place(self, first: str) -> str:
        """The attribute or item that is stored to, read from the words that load what it belongs to; "" for anything else."""
        loaded = [first]
        while True:
            name, argument = self._next()
            match name, loaded:
                case "LOAD_CONST", _:
                    loaded.append(repr(argument))
                case _, _ if name in _LOADS:
                    loaded.append(str(argument))
                case "LOAD_ATTR", [*below, owner]:
                    loaded = [*below, f"{owner}.{argument}"]
                case "BINARY_SUBSCR", [*below, owner, key]:
                    loaded = [*below, f"{owner}[{key}]"]
                case "STORE_ATTR", [owner]:
                    return f"{owner}.{argument}"
                case "STORE_SUBSCR", [owner, key]:
                    return f"{owner}[{key}]"
                case _:
                    return ""


def _typed(place: str) -> str | None:
    """The place, unless a name in it cannot have been typed, like those that pytest makes up for its asserts."""
    return place if place and place.partition(".")[0].partition("[")[0].isidentifier() else None


def _apart(instruction: dis.Instruction) -> list[Word]:
    """An instruction as the words it stands for: 3.13 has some that store or load twice."""
    halves = instruction.opname.split("_FAST_")
    if len(halves) == 2 and isinstance(instruction.argval, tuple):
        first, second = instruction.argval
        return [(f"{halves[0]}_FAST", first), (halves[1], second)]
    counts = instruction.opname in ("COPY", "UNPACK_SEQUENCE", "UNPACK_EX")
    return [(instruction.opname, instruction.arg if counts else instruction.argval)]


def _inside(instruction: dis.Instruction, places: list[Range]) -> bool:
    match instruction.positions:
        case dis.Positions(int(first), int(last), int(column), int(stop)):
            return any((first, column) >= place[:2] and (last, stop) <= place[2:] for place in places)
    return False


def _argument(instruction: dis.Instruction) -> tuple[str, str]:
    name = instruction.opname.removesuffix("_CHECK")
    return name, _content(instruction.argval) if isinstance(instruction.argval, CodeType) else instruction.argrepr


def _content(code: CodeType) -> str:
    """All that a function inside does, as text."""
    constants = [_content(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts]
    return repr((code.co_code, code.co_names, code.co_varnames, code.co_freevars, constants))

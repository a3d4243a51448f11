"""What became of a tensor: the calls that took it, and whether what they gave leads anywhere."""

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from byhand.recording.calls import Call, Left, Needing, Returned, Seen

Reference = weakref.ref[Any]


@dataclass(frozen=True, slots=True)
class Flow:
    """`ends` are the calls whose results nothing took; `arrives` says that a root was reached; `left` that numbers went out of sight."""

    uses: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    arrives: bool = False
    left: bool = False
    returned: int = -1


def went_in(call: Call) -> Iterator[Reference]:
    """The tensors that a call took."""
    yield from _references(call.arguments)
    if call.keywords:
        yield from _references(list(call.keywords.values()))


def came_out(call: Call) -> Iterator[Reference]:
    """The tensors that a call gave."""
    yield from _references(call.results.results if isinstance(call.results, Returned) else call.results)


def _references(part: Any) -> Iterator[Reference]:
    if isinstance(part, Seen | Needing):
        yield part.reference
    elif type(part) is tuple and part and isinstance(part[0], weakref.ref):
        yield part[0]
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _references(each)


def _numbers(call: Call) -> set[float]:
    given = [*call.arguments, *(call.keywords or {}).values()]
    flat = [inner for each in given for inner in (each if isinstance(each, list) else [each])]
    return {each for each in flat if type(each) is float}


def uses(calls: Sequence[Call], tensors: Sequence[Reference]) -> dict[Reference, list[int]]:
    """The calls of a forward pass that took each of the tensors and made something else of it."""
    wanted = {id(each): each for each in tensors}  # the references live as long as this: an id is one of them
    found: dict[Reference, list[int]] = {each: [] for each in tensors}
    for number, call in enumerate(calls):
        if call.stop <= call.start and not call.modules:
            continue
        given = [wanted[id(each)] for each in went_in(call) if id(each) in wanted]
        if given and not all(any(each is one for one in given) for each in came_out(call)):
            for each in given:
                found[each].append(number)
    return found


def follow(calls: Sequence[Call], start: Sequence[int], *, roots: Sequence[Reference], leaves: Sequence[Reference]) -> Flow:
    """Where the results of some calls went; `leaves` are parameters, through which nothing flows."""
    walls, goals = {id(each) for each in leaves}, {id(each) for each in roots}
    carried: dict[int, int] = {}
    taken: set[int] = set()
    values: set[float] = set()
    left, returned = False, -1
    for number in range(start[0], len(calls)) if start else ():
        call = calls[number]
        sources = {carried[id(each)] for each in went_in(call) if id(each) in carried}
        if isinstance(call.results, Left):
            left |= bool(sources) and type(call.results.value) is not float
            values |= {call.results.value} if sources and type(call.results.value) is float else set()
            continue
        if isinstance(call.results, Returned):
            returned = number if not call.modules and any(id(each) in carried for each in came_out(call)) else returned
            continue
        if number in start or sources or (values and values & _numbers(call)):
            taken |= sources
            carried |= {id(each): number for each in came_out(call) if id(each) not in walls}
    ends = tuple(sorted({number for number in carried.values() if number not in taken}))
    return Flow(tuple(start), ends, bool(goals & carried.keys()), left, returned)

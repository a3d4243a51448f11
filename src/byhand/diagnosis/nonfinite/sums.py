"""Running sums and means in a small format that no longer change, whatever is added."""

import weakref
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.kinds.nonfinite import LostInRounding
from byhand.diagnosis.world import origin_of_call
from byhand.findings import Finding
from byhand.recording.calls import Call, Needing, Seen
from byhand.recording.naming import written
from byhand.words import counted, flat, plain, rounded

HALF = (torch.float16, torch.bfloat16)
STUCK = 3  # times in a row, the last ones that are known
ADDING = frozenset({"add_", "__iadd__", "sub_", "__isub__", "lerp_"})
FRESH = frozenset({"add", "__add__", "sub", "__sub__", "lerp"})

Numbers = tuple[Any, Any, torch.dtype]


@dataclass(slots=True)
class Line:
    """What one line did so far: how often in a row it changed nothing, the sum and what was added last."""

    call: Call
    times: int = 0
    total: float = 0.0
    added: float = 0.0


def stuck_sums(calls: list[Call]) -> list[Finding]:
    """The running sums among the calls that did not change the last times, although what was added is not 0."""
    known: dict[int, tuple[weakref.ref[torch.Tensor], Numbers]] = {}
    lines: dict[tuple[Any, int], Line] = {}
    for call in calls:
        name = getattr(call.function, "__name__", "")
        if call.direct and (name in ADDING or (name in FRESH and _follows(call))):
            _watch(call, known, lines)
        results = call.results
        if type(results) is tuple and len(results) == len(Seen._fields) and type(results[1]) is tuple:
            known[id(results[0])] = (results[0], results[1])
    return [_finding(line) for line in lines.values() if line.times >= STUCK]


def _follows(call: Call) -> bool:
    """Whether the result takes the place of what it was added to: total = total + x."""
    if call.code is None:
        return False
    place = written(call.code, call.instruction)
    operands = place.arguments(len(call.arguments), mixed=True)
    return bool(operands) and isinstance(place.target, str) and operands[0].text == place.target


def _watch(call: Call, known: dict[int, tuple[Any, Numbers]], lines: dict[tuple[Any, int], Line]) -> None:
    before, added, after = _before(call, known), _added(call), call.results
    if before is None or added is None or type(after) is not tuple or type(after[1]) is not tuple or call.code is None:
        return
    if before[2] not in HALF or after[1][2] not in HALF or tuple(before[1]) != tuple(after[1][1]):
        return
    line = lines.setdefault((id(call.code), call.instruction), Line(call))
    same = before[0] == after[1][0]
    line.times = line.times + 1 if same and any(added) else 0
    line.total = max(map(abs, flat(before[0]) if isinstance(before[0], list) else [before[0]]), default=0.0)
    line.added = max(map(abs, added), default=0.0)


def _before(call: Call, known: dict[int, tuple[Any, Numbers]]) -> Numbers | None:
    first = call.arguments[0] if call.arguments else None
    if not isinstance(first, Needing | Seen):
        return None
    found = known.get(id(first.reference))
    return found[1] if found is not None and found[0] is first.reference else None


def _added(call: Call) -> list[float] | None:
    """What was added, element by element; None where it is not known, or no tensor: an epsilon may be meant to vanish."""
    second = call.arguments[1] if len(call.arguments) > 1 else None
    if isinstance(second, Seen) and type(second.data) is tuple:
        data = second.data[0]
        every = flat(data) if isinstance(data, list) else [data]
        return [float(each) for each in every] if not any(isinstance(each, complex) for each in every) else None
    return None


def _finding(line: Line) -> Finding:
    place = written(line.call.code, line.call.instruction)
    operands = place.arguments(len(line.call.arguments), mixed=True)
    name = plain(operands[0].text if operands else "") or (place.target if isinstance(place.target, str) else "") or "the sum"
    dtype = line.call.results[1][2]
    short = str(dtype).removeprefix("torch.")
    digits = 8 if dtype is torch.bfloat16 else 11
    return LostInRounding.found(
        name,
        origin_of_call(line.call),
        what=(
            f"{name} is {rounded(line.total)} and did not change the last {counted(line.times, 'time')} that something up to "
            f"{rounded(line.added)} was added."
        ),
        why=(
            f"{short} has {digits} binary digits: near {rounded(line.total)} its numbers are {rounded(_gap(line.total, digits))} apart, "
            "and what is less than half of that is rounded away."
        ),
        fix=f"Add up in float32: make {name} a float32 tensor, or add `.item()` to a Python number; convert the result at the end.",
    )


def _gap(value: float, digits: int) -> float:
    found: float = 2.0 ** (torch.tensor(abs(value) or 1.0).log2().floor().item() - digits + 1)
    return found

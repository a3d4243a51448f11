"""Searches the calls of a program for the place where the gradient of a leaf is lost on the way to the loss."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from byhand.diagnosis.cut.causes import cause_of, differentiable, leaves_torch, makes_constant
from byhand.diagnosis.lineage import Lineage, Use, given, name_of, tensors, writes
from byhand.recording.calls import Call, Needing, Seen
from byhand.recording.naming import written

_CARRYING = frozenset(
    {
        "detach",
        "cpu",
        "to",
        "float",
        "double",
        "half",
        "contiguous",
        "clone",
        "squeeze",
        "flatten",
        "reshape",
        "view",
        "numpy",
        "mean",
        "sum",
    }
)
LEAVINGS = 50  # calls that take numbers out of PyTorch, the latest


@dataclass(frozen=True, slots=True)
class Path:
    """The calls from a leaf to the one where its gradient is lost, the last; `again` made a tensor of what had left PyTorch, -1 if none.

    `certain` says that the value was followed to the loss; if not, it left PyTorch, and nothing else can have brought it there.
    """

    calls: tuple[int, ...]
    cause: str
    again: int = -1
    certain: bool = True


class Search:
    """Finds where gradients are lost on the way to these roots."""

    def __init__(self, lineage: Lineage, roots: Sequence[Any]) -> None:
        self.lineage = lineage
        self.on_way = lineage.ancestors(roots)
        self._next: dict[int, int] = {}
        for number in sorted(self.on_way, reverse=True):
            self._look(number)

    def path(self, leaf: Any) -> Path | None:
        """How a leaf's value comes to the roots, and where its gradient is lost; None if no such way is known."""
        for use in self.lineage.uses(leaf):
            if use.needs and use.call in self._next and not self._own(use):
                return self._told(self._walk(use.call))
        return self._left(leaf)

    def _own(self, use: Use) -> bool:
        """Whether a call only writes into the leaf itself: it is being initialised or updated."""
        call = self.lineage.calls[use.call]
        return writes(call) and next(tensors(call)).reference is use.reference

    def _look(self, number: int) -> None:
        """Where to go from a call on the way: to itself if the gradient is lost in it."""
        call = self.lineage.calls[number]
        if not differentiable(call):
            if name_of(call) == "detach_" or any(use.needs and not _hands_on(call, use) for use in self.lineage.inputs[number]):
                self._next[number] = number
            return
        for use in self.lineage.users(number):
            if use.call in self.on_way and not use.needs and name_of(self.lineage.calls[use.call]) != "detach_":
                self._next[number] = number
            elif use.call in self._next:
                self._next[number] = use.call
            else:
                continue
            return

    def _walk(self, number: int) -> tuple[int, ...]:
        found = [number]
        while self._next[found[-1]] != found[-1]:
            found.append(self._next[found[-1]])
        return tuple(found)

    def _told(self, calls: tuple[int, ...]) -> Path:
        """The path, up to where its value leaves PyTorch if it was detached for that."""
        cause = cause_of(self.lineage, calls[-1])
        further = self._leaves_after(calls[-1]) if cause in ("detach", "data") else ()
        return Path((*calls, *further), cause_of(self.lineage, further[-1]) if further else cause)

    def _leaves_after(self, number: int) -> tuple[int, ...]:
        """The calls after a detach that only carry the value out of PyTorch; none if it goes on as a tensor."""
        found: list[int] = []
        while len(found) <= len(_CARRYING):
            users = [use.call for use in self.lineage.users(number)]
            further = next((each for each in users if leaves_torch(self.lineage.calls[each])), -1)
            if further < 0:
                further = next((each for each in users if name_of(self.lineage.calls[each]) in _CARRYING), -1)
            if further < 0 or self.on_way.intersection(users) - {further}:
                return ()
            found.append(further)
            if leaves_torch(self.lineage.calls[further]):
                return tuple(found)
            number = further
        return ()

    def _left(self, leaf: Any) -> Path | None:
        """A way that goes through Python's numbers, where it cannot be followed: into the first that comes back to the roots."""
        used = {use.call for use in self.lineage.uses(leaf) if use.needs}
        for number, before, again in self._leavings:
            if not used.isdisjoint(before):
                return Path(_back(self._spread(leaf), number), cause_of(self.lineage, number), again, certain=False)
        return None

    @cached_property
    def _leavings(self) -> list[tuple[int, set[int], int]]:
        """The calls that took numbers out of PyTorch, what had a part in them, and where the first comes back to the roots."""
        last = max(self.on_way, default=-1)
        calls = self.lineage.calls
        out = [number for number in range(last) if leaves_torch(calls[number]) and self.lineage.inputs[number]][-LEAVINGS:]
        found = [(number, self._again(number, last)) for number in out]
        return [(number, self.lineage.before([number]), again) for number, again in found if again >= 0]

    def _spread(self, leaf: Any) -> dict[int, int]:
        """Every call that a leaf's value comes to, with the one before it."""
        found: dict[int, int] = {}
        waiting = [(use.call, -1) for use in self.lineage.uses(leaf) if use.needs]
        while waiting:
            number, before = waiting.pop(0)
            if number not in found:
                found[number] = before
                waiting += [(use.call, number) for use in self.lineage.users(number)]
        return found

    def _again(self, number: int, last: int) -> int:
        """The first call on the way after another in which a value of Python's came to the roots; -1 if there is none."""
        for each in range(number + 1, last + 1):
            if each in self.on_way and (self._enters(each, number) or _takes_number(self.lineage.calls[each])):
                return each
        return -1

    def _enters(self, number: int, after: int) -> bool:
        """Whether a call made a tensor of Python's data, or took one in whose making was not seen."""
        if makes_constant(self.lineage.calls[number]):
            return True
        return any(self._unseen(use, after) for use in self.lineage.inputs[number] if use.reference is not None)

    def _unseen(self, use: Use, after: int) -> bool:
        return use.maker < 0 and not use.needs and all(each.call > after for each in self.lineage.uses(use.reference))


def _hands_on(call: Call, use: Use) -> bool:
    """Whether a call gave back the very tensor that it took, as broadcasting does where nothing is to be done."""
    return not writes(call) and any(each is use.reference for each in given(call))


def _back(before: dict[int, int], number: int) -> tuple[int, ...]:
    found = [number]
    while before[found[-1]] >= 0:
        found.append(before[found[-1]])
    return tuple(reversed(found))


def _takes_number(call: Call) -> bool:
    """Whether a number among the arguments is not written out in the source."""
    if not any(isinstance(each, float | int) and not isinstance(each, bool) for each in call.arguments) or call.code is None:
        return False
    place = written(call.code, call.instruction)
    operands = place.arguments(len(call.arguments)) or place.operands
    numbers = [each for each in call.arguments if not isinstance(each, Seen | Needing)]
    return bool(numbers) and any(not operand.literal for operand in operands[-len(numbers) :])

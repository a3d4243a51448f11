"""Gradients that a step has used, and that are still there when the next pass adds to them."""

import weakref
from collections.abc import Sequence
from typing import Any

import torch

from byhand.diagnosis.kinds.loop import GradientAccumulated
from byhand.diagnosis.loop.evidence import Tensors, is_property, sets, since, takes, writes
from byhand.diagnosis.loop.ledger import Held, Ledger, norm, parameters
from byhand.diagnosis.loop.part import Part, and_others, named, quoted
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.happenings import Happening
from byhand.words import located, plain, rounded

TRIED = 3  # gradients that are read to see whether they were cleared in a way that leaves no trace
ROUNDS = 2  # updates by hand without a clear between: one alone may belong to a method that looks at the weights from two places


class Accumulated(Part):
    """A step, or an update by hand, with a gradient that holds one that was used before."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        super().__init__(world, ledger)
        self._where: Origin | None = None
        self._first: Origin | None = None
        self._stepping: list[Any] = []
        self._said: set[Any] = set()

    def starting(self, passing: Passing) -> None:
        """Whether the pass adds to what was used before."""
        self._first = self._first or passing.origin
        stale, by_hand, again = [], [], []
        for leaf in passing.leaves:
            held = self.ledger.of(leaf)
            if held is None or not held.untouched(leaf):
                continue
            reference = weakref.ref(leaf)
            if held.used or (self._stepping and reference in self.ledger.owned and leaf._version != held.weights):
                stale.append((leaf, held))
            elif held.stale:
                again.append((leaf, held))
            elif reference not in self.ledger.owned:
                by_hand.append((leaf, held))
        self._mark(passing, stale, again)
        if by_hand:
            self._by_hand(passing, by_hand)

    def _mark(self, passing: Passing, stale: list[tuple[torch.Tensor, Held]], again: list[tuple[torch.Tensor, Held]]) -> None:
        """Remember which gradients hold something used; who writes zeros through `.data` leaves no trace but the zeros."""
        for leaf, held in (*(stale if passing.closely else ()), *again):
            size = _size(leaf)
            if not size:
                del self.ledger.held[weakref.ref(leaf)]
            elif held.used or not held.stale:
                held.stale += 1
                held.before, self._where = size, passing.origin

    def _by_hand(self, passing: Passing, found: list[tuple[torch.Tensor, Held]]) -> None:
        """Leaves of no optimizer that the program changed itself, with their old gradient still there."""
        changed = [(leaf, held) for leaf, held in found if leaf._version != held.weights]
        if not changed and passing.closely and self.ledger.last is not None:
            changed = self._through_data(found)
        for _, held in changed:
            held.rounds += 1
        certain = [(leaf, held) for leaf, held in changed if held.rounds >= ROUNDS]
        if certain and "by hand" not in self._said and all(_size(leaf) for leaf, _ in certain[:TRIED]):
            self._said.add("by hand")
            for leaf, held in certain:
                held.before = _size(leaf)
            self._say([leaf for leaf, _ in certain], passing.origin, None)

    def _through_data(self, found: list[tuple[torch.Tensor, Held]]) -> list[tuple[torch.Tensor, Held]]:
        """Those that were written through `.data`, which leaves no trace but the call."""
        last = self.ledger.last
        calls = since(self.world, last.mark if last is not None else None)
        return [(leaf, held) for leaf, held in found if _written(calls, weakref.ref(leaf))]

    def happened(self, happening: Happening) -> None:
        """A step uses what is there."""
        if happening.kind == "stepping":
            self._stepping.append(weakref.ref(happening.thing))
            self._used(happening.thing, happening.frame)
        elif happening.kind == "stepped":
            self._used(happening.thing, happening.frame)
            self._stepping = self._stepping[:-1]
            self._first = None

    def _used(self, optimizer: torch.optim.Optimizer, frame: Any) -> None:
        if self._where is None or weakref.ref(optimizer) in self._said:
            return
        found = []
        for parameter in parameters(optimizer):
            held = self.ledger.of(parameter)
            if held is None or not held.stale:
                continue
            if held.same(parameter) and (held.untouched(parameter) or _size(parameter)):
                found.append(parameter)
            else:
                del self.ledger.held[weakref.ref(parameter)]
        if found:
            self._said.add(weakref.ref(optimizer))
            self._say(found, self._where, optimizer, _called(frame, optimizer))

    def _say(
        self, found: list[torch.Tensor], where: Origin | None, optimizer: torch.optim.Optimizer | None, variable: str = "optimizer"
    ) -> None:
        names = named(self.world, found)
        subject = names[0] if names else "a parameter"
        first = next((leaf for leaf in found if plain(self.world.name_of(leaf)) == subject), found[0])
        held = self.ledger.of(first)
        before, after = held.before if held is not None else 0.0, _size(first)
        took = f"{type(optimizer).__name__}.step" if optimizer is not None else "the update by hand"
        self.report(
            GradientAccumulated.found(
                subject,
                where,
                what=f"The gradient of {subject}{and_others(names, len(found))} still held the one that {took} had used when "
                f"{quoted(where, 'backward()')} added the next: the old one had norm {rounded(before)}, the sum has {rounded(after)}",
                why=f"backward() adds to `.grad`, it does not replace it; nothing cleared it between {took} and the next pass"
                f", so every update follows the sum of all gradients since the start, most of them of older weights",
                fix=f"Clear the gradients once for each update, before {located(self._first or where) or 'the backward pass'}: "
                f"{f'`{variable}.zero_grad()`' if optimizer is not None else f'`{subject}.grad = None` after the update'}",
            )
        )


def _size(leaf: torch.Tensor) -> float:
    return norm(leaf.grad) if leaf.grad is not None else 0.0


def _written(calls: Sequence[Call], leaf: Any) -> bool:
    """Whether calls wrote a leaf through `.data`."""
    own, aliases = Tensors([leaf]), Tensors([])
    for call in calls:
        if sets(call, "data", own) or writes(call, aliases):
            return True
        if is_property(call, "data", "__get__") and takes(call, own):
            aliases.add(call)
        aliases.follow(call)
    return False


def _called(frame: Any, optimizer: torch.optim.Optimizer) -> str:
    """The user's variable for an optimizer, also of `self`; "optimizer" where there is none."""
    if frame is None:
        return "optimizer"
    own = getattr(frame.f_locals.get("self"), "__dict__", {})
    places = (("", frame.f_locals), ("", frame.f_globals), ("self.", own))
    return next((f"{prefix}{name}" for prefix, place in places for name, thing in list(place.items()) if thing is optimizer), "optimizer")

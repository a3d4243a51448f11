"""Means over parts of a batch whose gradients are summed before one step, with nothing that makes a mean of the sum."""

import weakref
from typing import Any

import torch

from byhand.diagnosis.kinds.loop import AccumulationNotScaled
from byhand.diagnosis.loop.evidence import SCALES, Tensors, name, sets, since, writes
from byhand.diagnosis.loop.ledger import Ledger, parameters, site
from byhand.diagnosis.loop.part import Part, and_others, named, quoted
from byhand.diagnosis.loop.roots import is_mean
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.findings import Severity
from byhand.graph import Origin
from byhand.recording.happenings import Happening

INDIFFERENT = (
    torch.optim.Adam,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
    torch.optim.Adagrad,
    torch.optim.Adadelta,
    torch.optim.Rprop,
)  # they divide the gradient by its own size; AdamW is an Adam


class Summed(Part):
    """Several passes from the same line, alike in all, before one step."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        super().__init__(world, ledger)
        self._run: list[tuple[Any, Any, bool]] = []
        self._said: set[Any] = set()

    def starting(self, passing: Passing) -> None:
        """One more pass; the first since the gradients were cleared begins a new sum."""
        if not any((held := self.ledger.of(leaf)) is not None and held.untouched(leaf) and not held.used for leaf in passing.leaves):
            self._run = []
        place = site(passing)
        if place in self._said:
            return
        alike = (tuple(node.name for node in passing.graph.nodes[:3]), len(passing.graph.nodes), passing.reached)
        mean = self._run[0][2] if self._run and self._run[0][:2] == (place, alike) and not passing.closely else is_mean(passing)
        self._run.append((place, alike, mean))

    def happened(self, happening: Happening) -> None:
        """A step uses the sum."""
        if happening.kind == "stepping":
            run, self._run = self._run, []
            if len(run) > 1:
                self._stepping(happening.thing, run)

    def _stepping(self, optimizer: torch.optim.Optimizer, run: list[tuple[Any, Any, bool]]) -> None:
        last = self.ledger.last
        if last is None or run[0][0] in self._said or not all(each[0] == run[0][0] and each[1] == run[0][1] and each[2] for each in run):
            return
        found = []
        for parameter in parameters(optimizer):
            held = self.ledger.of(parameter)
            if held is None or held.passes != len(run) or held.stale or not held.same(parameter):
                continue
            found.append(parameter)
        if found and not self._averaged(found):
            self._said.add(run[0][0])
            self._say(found, len(run), last.origin, optimizer)

    def _averaged(self, found: list[torch.Tensor]) -> bool:
        """Whether the program itself divided or replaced the sum; clipping, which PyTorch does, is no mean."""
        last = self.ledger.last
        grads = Tensors(held.grad for held in (self.ledger.of(parameter) for parameter in found) if held is not None)
        own = Tensors(weakref.ref(parameter) for parameter in found)
        for call in since(self.world, last.mark if last is not None else None):
            grads.follow(call)
            if sets(call, "grad", own) or (call.direct and name(call) in SCALES and writes(call, grads)):
                return True
        return False

    def _say(self, found: list[torch.Tensor], count: int, where: Origin | None, optimizer: torch.optim.Optimizer) -> None:
        names = named(self.world, found)
        subject = names[0] if names else "the parameters"
        words = quoted(where, "backward()")
        indifferent = isinstance(optimizer, INDIFFERENT)
        also = f"; {type(optimizer).__name__} divides by the size of the gradient, so its steps hardly change, but clipping and logs do"
        self.report(
            AccumulationNotScaled.found(
                subject,
                where,
                what=f"{words} ran {count:,} times before the step, each time from a mean over its part of the batch: "
                f"the gradient of {subject}"
                f"{and_others(names, len(found))} is the sum of {count:,} means, {count:,} times that of the whole batch",
                why=f"backward() adds to `.grad`; {count:,} means add up to {count:,} × their mean, "
                f"as if the learning rate were {count:,} times as large" + (also if indifferent else ""),
                fix=f"Divide each loss before its backward pass: `(loss / {count:,}).backward()`; "
                "if the sum over these losses is what you want, "
                "as for several tasks, leave it",
                severity=Severity.NOTE if indifferent else Severity.WARNING,
            )
        )

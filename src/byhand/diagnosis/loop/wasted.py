"""Whole backward passes whose gradients are cleared before any step uses them, and that nobody has read."""

import weakref
from collections import Counter
from typing import Any

import torch

from byhand.diagnosis.kinds.loop import GradientCleared
from byhand.diagnosis.loop.evidence import MEASURES, Tensors, is_property, name, since, takes
from byhand.diagnosis.loop.ledger import Last, Ledger, parameters
from byhand.diagnosis.loop.part import Part, and_others, at, named, quoted
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World, origin_of
from byhand.graph import Origin
from byhand.recording.calls import has_hooks
from byhand.recording.happenings import Happening
from byhand.words import located

CYCLES = 3  # steps in a row, each after a wasted pass: fewer may be steps that were to be skipped


class Wasted(Part):
    """Passes from the same line that are thrown away again and again, while other passes are used."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        super().__init__(world, ledger)
        self._clearing: Origin | None = None
        self._used = False
        self._inside = 0
        self._turn: dict[Any, tuple[Any, ...]] = {}
        self._streak: Counter[Any] = Counter()
        self._stories: dict[Any, tuple[Any, ...]] = {}

    def starting(self, passing: Passing) -> None:
        """Whether the pass before was for nothing."""
        last = self.ledger.last
        if last is None or self._used or self._clearing is None or not last.reached:
            return
        leaves = [leaf for leaf in (reference() for reference in last.reached) if leaf is not None]
        if len(leaves) == len(last.reached) and all(self._wasted(leaf) for leaf in leaves) and not self._read(last):
            self._turn[last.site] = (named(self.world, leaves), len(leaves), self._clearing, last.origin)

    def _wasted(self, leaf: torch.Tensor) -> bool:
        """Whether a parameter's gradient was made and is cleared: inputs, and what has hooks of its own, may serve something else."""
        held = self.ledger.of(leaf)
        if held is None or weakref.ref(leaf) not in self.ledger.owned or has_hooks(leaf):
            return False
        return leaf.grad is None or (held.same(leaf) and not held.untouched(leaf) and not bool(leaf.grad.any()))

    def _read(self, last: Last) -> bool:
        """Whether the program looked at the gradients while they were there, or had PyTorch measure them."""
        wanted = Tensors(last.reached)
        grads = Tensors(held.grad for leaf in last.reached if (held := self.ledger.held.get(leaf)) is not None)
        return any(
            (call.direct and is_property(call, "grad", "__get__") and takes(call, wanted))
            or (name(call) in MEASURES and takes(call, grads))
            for call in since(self.world, last.mark)
        )

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """A new pass is the last one."""
        self._clearing, self._used = None, problem is not None or self._inside > 0

    def happened(self, happening: Happening) -> None:
        """Gradients were cleared or used."""
        if happening.kind == "cleared":
            self._clearing = self._clearing or origin_of(happening.frame)
        elif happening.kind == "stepped":
            self._inside = 0
        elif happening.kind in ("stepping", "scaling"):
            optimizer = happening.optimizer if happening.kind == "scaling" else happening.thing
            self._used = self._used or self._reaches(optimizer)
            if happening.kind == "stepping":
                self._inside += 1
                self._over()

    def _reaches(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether the optimizer trains something that the last pass reached."""
        last = self.ledger.last
        return last is None or any(weakref.ref(parameter) in last.reached for parameter in parameters(optimizer))

    def _over(self) -> None:
        """A step was made: count what was thrown away since the one before."""
        for site in [site for site in self._streak if site not in self._turn]:
            del self._streak[site]
        for site, story in self._turn.items():
            self._streak[site] += 1
            self._stories.setdefault(site, story)
            if self._streak[site] == CYCLES:
                self._say(*self._stories[site])
        self._turn = {}

    def _say(self, names: list[str], count: int, clearing: Origin, backward: Origin | None) -> None:
        subject = names[0] if names else "the parameters"
        words = f"{quoted(backward, 'backward()')}{at(backward)}"
        self.report(
            GradientCleared.found(
                subject,
                clearing,
                what=f"{quoted(clearing, '')}{at(clearing)} throws away what {words} gave to {subject}{and_others(names, count)}: "
                f"no step used it and nobody read it, {CYCLES} times in a row",
                why=f"{words} → .grad → cleared{at(clearing)} ✂ → the step, which sees only what a later backward pass adds",
                fix=f"Clear once for each step, before the first backward pass: move {located(clearing)} "
                f"out of the part between the passes, "
                f"or leave {words} out if its gradient is not wanted",
            )
        )

"""Gradients that are thrown away between the backward pass and the step that should have used them."""

import weakref
from collections.abc import Sequence
from typing import Any

import torch

from byhand.diagnosis.kinds.loop import GradientCleared
from byhand.diagnosis.loop.evidence import Tensors, name, sets, since, writes
from byhand.diagnosis.loop.ledger import Held, Ledger, parameters
from byhand.diagnosis.loop.part import Part, and_others, at, named, quoted
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World, origin_of, origin_of_call
from byhand.graph import Origin
from byhand.recording.happenings import Happening
from byhand.words import located

ZEROING = frozenset({"zero_", "fill_", "_foreach_zero_", "copy_", "zero", "__imul__", "mul_"})
OFTEN = 2  # steps, all there were, before it is said while the program still runs: one alone may be a step that was to be skipped


class Cleared(Part):
    """Steps for which a pass made gradients, and which saw none of them."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        super().__init__(world, ledger)
        self._clearing: Origin | None = None
        self._steps: dict[Any, int] = {}
        self._empty: dict[Any, tuple[int, tuple[Any, ...]]] = {}

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """New gradients are there."""
        self._clearing = None

    def happened(self, happening: Happening) -> None:
        """Gradients were cleared, or a step is about to look for them."""
        if happening.kind == "cleared":
            self._clearing = origin_of(happening.frame)
        elif happening.kind == "stepping":
            self._stepping(happening)

    def finished(self, problem: BaseException | None) -> None:
        """The program is over: a single step counts too."""
        for optimizer, (times, story) in self._empty.items():
            if times == self._steps[optimizer]:
                self._say(times, *story)

    def _stepping(self, happening: Happening) -> None:
        last = self.ledger.last
        if last is None:
            return
        lost = self._lost(happening.thing, last.closely)
        reference = weakref.ref(happening.thing)
        if lost is None:
            self._empty.pop(reference, None)
            self._steps[reference] = OFTEN + 1  # a step that found its gradients: those that do not are meant
            return
        if not lost:
            return
        self._steps[reference] = self._steps.get(reference, 0) + 1
        times = self._empty.get(reference, (0, ()))[0] + 1
        names, zeros = named(self.world, lost), lost[0].grad is not None
        story = (names, len(lost), zeros, self._clearing or self._by_hand(lost), last.origin, origin_of(happening.frame))
        self._empty[reference] = (times, self._empty[reference][1] if reference in self._empty else story)
        if times == self._steps[reference] == OFTEN:
            self._say(times, *self._empty[reference][1])

    def _lost(self, optimizer: torch.optim.Optimizer, closely: bool) -> list[torch.Tensor] | None:
        """The parameters whose gradient was made for this step and is gone; None if one is there, empty if none was made."""
        lost = []
        for parameter in parameters(optimizer):
            held = self.ledger.of(parameter)
            if held is None or held.used or held.grad is None:
                continue
            if not self._gone(parameter, held, closely):
                return None
            lost.append(parameter)
        return lost

    def _gone(self, parameter: torch.Tensor, held: Held, closely: bool) -> bool:
        grad = parameter.grad
        if grad is None:
            return True
        if not held.same(parameter) or (held.untouched(parameter) and not closely):
            return False
        return (self._clearing is not None or closely) and self._zeroed(parameter, held)

    def _zeroed(self, parameter: torch.Tensor, held: Held) -> bool:
        """Whether somebody wrote zeros over a gradient, and it was not zero by itself."""
        grad = parameter.grad
        if grad is None or bool(grad.any()):
            return False
        return self._clearing is not None or not held.untouched(parameter) or self._by_hand([parameter]) is not None

    def _by_hand(self, lost: Sequence[torch.Tensor]) -> Origin | None:
        """Where the program itself threw the gradients away."""
        last = self.ledger.last
        own = Tensors(weakref.ref(parameter) for parameter in lost)
        grads = Tensors(held.grad for held in (self.ledger.of(parameter) for parameter in lost) if held is not None)
        for call in since(self.world, last.mark if last is not None else None):
            grads.follow(call)
            if sets(call, "grad", own) or (writes(call, grads) and name(call) in ZEROING):
                return origin_of_call(call)
        return None

    def _say(
        self, times: int, names: list[str], count: int, zeros: bool, clearing: Origin | None, backward: Origin | None, step: Origin | None
    ) -> None:
        subject = names[0] if names else "the parameters"
        left = "only zeros" if zeros else "None"
        backward_words = f"{quoted(backward, 'backward()')}{at(backward)}"
        step_words = f"{quoted(step, 'optimizer.step()')}{at(step)}"
        what = f"{quoted(clearing, '')}{at(clearing)} clears" if clearing else "Something clears"
        often = "in the only step there was" if times == 1 else f"in every step so far ({times:,} of {times:,})"
        self.report(
            GradientCleared.found(
                subject,
                clearing or step,
                what=f"{what} the gradient of {subject}{and_others(names, count)} "
                f"after {backward_words} made it and before {step_words} uses it: "
                f"the step finds {left}, {often}",
                why=f"{backward_words} → .grad → cleared{at(clearing)} ✂ → {step_words}; a step without gradients trains nothing",
                fix=f"Clear before the backward pass or after the step: move line {clearing.line if clearing else '?'} "
                f"to after {located(step) or 'the step'}",
            )
        )

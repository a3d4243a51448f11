"""Gradients that are clipped while a loss scaler's factor is still in them."""

import weakref
from collections.abc import Sequence
from typing import Any

import torch

from byhand.diagnosis.kinds.loop import ClipBeforeUnscale
from byhand.diagnosis.loop.evidence import CUTS, MEASURES, SCALES, Tensors, in_place, name, references, sets, since, takes, writes
from byhand.diagnosis.loop.ledger import Ledger, parameters
from byhand.diagnosis.loop.part import Part, and_others, at, named, quoted
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World, origin_of, origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.happenings import Happening
from byhand.words import rounded

UNSCALING = "_amp_foreach_non_finite_check_and_unscale_"


class Clipped(Part):
    """What was done to gradients between a scaled backward pass and the moment their scale was taken out."""

    def __init__(self, world: World, ledger: Ledger) -> None:
        super().__init__(world, ledger)
        self._unscaled: set[Any] = set()
        self._said: set[Any] = set()

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """The new gradients are scaled again."""
        self._unscaled.clear()

    def happened(self, happening: Happening) -> None:
        """A scaler took its factor out of an optimizer's gradients, or is about to."""
        optimizer = happening.optimizer
        if happening.kind not in ("unscaled", "scaling") or not isinstance(optimizer, torch.optim.Optimizer):
            return
        reference = weakref.ref(optimizer)
        if reference not in self._unscaled and reference not in self._said and self.ledger.last is not None:
            self._look(happening.thing, optimizer, origin_of(happening.frame))
        self._unscaled.add(reference)

    def _look(self, scaler: Any, optimizer: torch.optim.Optimizer, unscaling: Origin | None) -> None:
        last = self.ledger.last
        held = [(parameter, kept) for parameter in parameters(optimizer) if (kept := self.ledger.of(parameter)) is not None]
        changed = [parameter for parameter, kept in held if not kept.untouched(parameter)]
        if last is None or not scaler.is_enabled() or not (changed or last.closely):
            return
        call = clipping(since(self.world, last.mark), [kept.grad for _, kept in held], [weakref.ref(each) for each, _ in held], scaler)
        if call is None or scaler.get_scale() == 1:
            return
        self._said.add(weakref.ref(optimizer))
        self._say(changed or [each for each, _ in held], scaler.get_scale(), origin_of_call(call), last.origin, unscaling)

    def _say(
        self, found: Sequence[torch.Tensor], scale: float, where: Origin | None, backward: Origin | None, unscaling: Origin | None
    ) -> None:
        names = named(self.world, found)
        subject = names[0] if names else "the parameters"
        words = quoted(where, "The clipping")
        taken = f"{quoted(unscaling, 'the scaler')}{at(unscaling)}"
        self.report(
            ClipBeforeUnscale.found(
                subject,
                where,
                what=f"{words} clips the gradient of {subject}{and_others(names, len(found))} "
                f"while it is still {rounded(scale)} times too large",
                why=f"scaled loss → backward{at(backward)} → clipped{at(where)} → {taken} divides by {rounded(scale)}: "
                f"the limit meets the scaled gradient, so what is left is up to {rounded(scale)} times smaller than it says",
                fix=f"Call `scaler.unscale_(optimizer)` after the backward pass and before line {where.line if where else '?'}; "
                "scaler.step(optimizer) then knows that it is done",
            )
        )


def clipping(calls: Sequence[Call], grads: Sequence[Any], owners: Sequence[Any], scaler: Any) -> Call | None:
    """The call that clipped gradients before they were unscaled; None where they were only scaled by hand, or the limit was scaled too."""
    mine, own = Tensors(grads), Tensors(owners)
    scale = getattr(scaler, "_scale", None)
    limit = weakref.ref(scale) if isinstance(scale, torch.Tensor) else None
    measured = cut = False
    for call in calls:
        if name(call) == UNSCALING and takes(call, mine):
            return None
        if limit is not None and any(limit is each for argument in call.arguments for each in references(argument)):
            return None
        mine.follow(call)
        if not (takes(call, mine) or takes(call, own)):
            continue
        written = writes(call, mine) or sets(call, "grad", own)
        if written:
            if _cuts(call) or (_scales(call) and measured) or (cut and not in_place(name(call))):
                return call
            if name(call) in SCALES:
                return None
        elif _cuts(call):
            cut = True
        measured = measured or name(call) in MEASURES
    return None


def _cuts(call: Call) -> bool:
    return any(word in name(call) for word in CUTS)


def _scales(call: Call) -> bool:
    """Whether a gradient was multiplied by something that is no whole number, as a mean over passes or processes would be."""
    factor = call.arguments[1] if len(call.arguments) > 1 else None
    if isinstance(factor, int | float):
        return name(call) in SCALES and not float(factor).is_integer() and not (factor and float(1 / factor).is_integer())
    return name(call) in SCALES or name(call) == "copy_"

"""Finds where NaN or an infinity began, and waits to see what becomes of it."""

from collections.abc import Sequence
from typing import Any

import torch

from byhand.chain_rule import SavedValues
from byhand.diagnosis.family import Family
from byhand.diagnosis.nonfinite.birth import Birth, born_backward, born_forward, overflows
from byhand.diagnosis.nonfinite.branch import held
from byhand.diagnosis.nonfinite.scene import Scene, is_finite
from byhand.diagnosis.nonfinite.story import Known, finding_of, known, quiet_overflow
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World, origin_of
from byhand.graph import Origin
from byhand.recording.happenings import Happening
from byhand.recording.saved import Saved


TURNS = 2  # passes of each place in which float16 values are looked at where the loss is finite


class NonFinite(Family):
    """The first NaN or infinity of a program that reaches the loss or the gradient of a leaf; the later ones are its consequences."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._over = False
        self._birth: Birth | None = None
        self._loss = False
        self._spoiled: set[int] = set()
        self._asked: Birth | None = None
        self._known: Known | None = None
        self._scaler = False
        self._quiet: Birth | None = None
        self._held: dict[int, SavedValues] = {}

    def starting(self, passing: Passing) -> None:
        """Look at the loss: if it is not finite, find where that began while the values of the forward pass are there."""
        self._birth, self._spoiled, self._held, self._quiet = None, set(), {}, None
        if self._over or self._known is not None:
            return
        self._loss = not all(quickly_finite(root) for root in passing.roots if isinstance(root, torch.Tensor))
        if self._loss:
            roots = [(root.node, root.output_nr) for root in passing.graph.roots]
            self._birth = self._asked or born_forward(Scene(passing), roots)
        elif passing.closely:
            self._held = held(passing)
            self._quiet = overflows(passing) if passing.turn <= TURNS else None
        self._asked = None

    def node(self, passing: Passing, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """Find the first node that was sent what is finite and sends what is not."""
        if self._over or self._known is not None:
            return
        bad = [number for number, each in enumerate(theirs) if not quickly_finite(each)]
        if not bad:
            return
        if self._birth is None and all(quickly_finite(each) for each in grads):
            self._birth = born_backward(Scene(passing, self._held), index, grads, theirs)
        edges = passing.graph.nodes[index].edges
        leaves = [edge.node for number in bad if (edge := edges[number]) is not None and passing.graph.nodes[edge.node].leaf]
        self._spoiled.update(leaves)

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Keep what is known, as plain data, until it is clear whether a step follows."""
        self._held = {}
        if self._over or self._known is not None:
            return
        if self._birth is None:
            if self._quiet is not None:
                self.report(quiet_overflow(passing, self._quiet))
            return
        spoiled = [index for index in self._spoiled if passing.kind != "backward" or _spoils(passing, index)]
        if spoiled or self._loss:
            self._known = known(passing, self._birth, sorted(spoiled), loss=self._loss)
        elif passing.kind == "grad":
            self._asked = self._birth

    def happened(self, happening: Happening) -> None:
        """A step follows, or a scaler decides whether one does."""
        if happening.kind in ("unscaled", "scaling"):
            self._scaler = True
        if self._known is None:
            return
        if happening.kind == "scaling":
            self._scaled(happening)
        elif happening.kind == "stepping":
            self._tell(origin_of(happening.frame))

    def _scaled(self, happening: Happening) -> None:
        """A scaler skips the step if its gradients are not finite: its own business as long as its scale is to blame and can fall."""
        assert self._known is not None
        if self._known.birth.scaled and happening.thing.get_scale() > 1:
            self._known = None
        else:
            self._tell(None, skipped=True)

    def finished(self, problem: BaseException | None) -> None:
        """What no step followed is told now."""
        if self._known is not None and not (self._scaler and self._known.birth.scaled):
            self._tell(None)

    def _tell(self, step: Origin | None, *, skipped: bool = False) -> None:
        assert self._known is not None
        self.report(finding_of(self._known, step, skipped=skipped))
        self._known, self._over = None, True


def quickly_finite(tensor: Any) -> bool:
    """Whether every element is finite; of most tensors their sum tells."""
    if not isinstance(tensor, torch.Tensor) or tensor.layout is not torch.strided or not tensor.is_floating_point():
        return not isinstance(tensor, torch.Tensor) or is_finite(tensor)
    total = tensor.sum().item()
    return total - total == 0 or is_finite(tensor)


def _spoils(passing: Passing, index: int) -> bool:
    """Whether a leaf's `.grad` is not finite after the pass; one that is gone already was used by then."""
    grad = passing.live[index].variable.grad
    return grad is None or not is_finite(grad)

"""Finds where NaN or an infinity began, and waits to see what becomes of it."""

import weakref
from collections.abc import Sequence
from typing import Any

import torch

from byhand.chain_rule import SavedValues
from byhand.diagnosis.family import Family
from byhand.diagnosis.nonfinite.birth import Birth, born_backward, born_forward, overflows, unknown
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
        self._leaves: list[weakref.ref[torch.Tensor]] = []
        self._held: dict[int, SavedValues] = {}

    def starting(self, passing: Passing) -> None:
        """Look at the loss: if it is not finite, find where that began while the values of the forward pass are there."""
        self._birth, self._spoiled, self._held, self._quiet = None, set(), {}, None
        if self._over or self._known is not None:
            return
        asked, self._asked = self._asked, None
        self._loss = not all(quickly_finite(root) for root in passing.roots if isinstance(root, torch.Tensor))
        if self._loss:
            scene = Scene(passing)
            roots = [(root.node, root.output_nr) for root in passing.graph.roots]
            self._birth = asked or born_forward(scene, roots, used=True) or unknown(scene)
            return
        self._held = held(passing)
        self._quiet = overflows(passing) if passing.closely and passing.turn <= TURNS else None

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
        stored = passing.kind == "backward" and not passing.direct
        spoiled = [index for index in self._spoiled if not stored or _spoils(passing, index)]
        if spoiled or self._loss or problem is not None:
            self._known = known(passing, self._birth, sorted(spoiled), loss=self._loss)
            self._leaves = [weakref.ref(passing.live[index].variable) for index in spoiled] if stored else []
        elif passing.kind == "grad":
            self._asked = self._birth

    def happened(self, happening: Happening) -> None:
        """A step follows, or a scaler decides whether one does."""
        if happening.kind in ("unscaled", "scaling"):
            self._scaler = True
        if self._known is None:
            return
        if happening.kind == "scaling" and happening.thing.is_enabled():
            self._scaled(happening)
        elif happening.kind == "stepping":
            self._stepping(happening)

    def _scaled(self, happening: Happening) -> None:
        """A scaler skips the step if its gradients are not finite: its own business as long as its scale is to blame and can fall."""
        assert self._known is not None
        if self._known.birth.scaled and happening.thing.get_scale() > 1:
            self._known = None
        else:
            self._tell(None, skipped=True)

    def _stepping(self, happening: Happening) -> None:
        """Tell it if the step uses what is not finite; forget it if the program has cleared or mended all of that."""
        spoiled = [leaf for reference in self._leaves if (leaf := reference()) is not None and not _clean(leaf)]
        if not self._leaves or any(leaf is held for leaf in spoiled for group in happening.thing.param_groups for held in group["params"]):
            self._tell(origin_of(happening.frame))
        elif not spoiled:
            self._known = None

    def finished(self, problem: BaseException | None) -> None:
        """What no step followed is told now, unless the program has cleared it away."""
        if self._known is None or (self._scaler and self._known.birth.scaled):
            return
        left = [reference() for reference in self._leaves]
        if not left or any(leaf is None or not _clean(leaf) or not is_finite(leaf.detach()) for leaf in left):
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


def _clean(leaf: torch.Tensor) -> bool:
    return leaf.grad is None or is_finite(leaf.grad)

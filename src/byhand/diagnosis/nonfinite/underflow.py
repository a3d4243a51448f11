"""Gradients that float16 rounds to 0, seen node by node."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.chain_rule import settle
from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.nonfinite import HalfUnderflow
from byhand.diagnosis.nonfinite.half import given_wide
from byhand.diagnosis.nonfinite.scene import Scene
from byhand.diagnosis.nonfinite.story import by_nearness, leaf_name
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.findings import Finding, Severity
from byhand.recording.happenings import Happening
from byhand.recording.saved import Saved
from byhand.words import counted, located, plain, rounded

TURNS = 3  # passes of each place that are looked at: a loss that is not scaled is too small from the start
HALF_LOST = 0.5  # of the elements that are not 0 in float32
FEW = 8  # elements that must be lost before anything is said
NAMED = 5  # weights that are named one by one


@dataclass(slots=True)
class Lost:
    """A node that sent gradients which float16 made 0: how many of how many, and the largest of them."""

    index: int
    lost: int
    total: int
    largest: float


class Underflow(Family):
    """Gradients that are lost because they are sent in float16, told once it is clear that no scaler scaled the loss."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._first: Lost | None = None
        self._finding: Finding | None = None
        self._over = False

    def starting(self, passing: Passing) -> None:
        """Forget the pass before."""
        self._first = None

    def node(self, passing: Passing, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """Count what a node sends that is 0 in float16 and not in float32."""
        if self._over or self._finding is not None or self._first is not None or not passing.closely or passing.turn > TURNS:
            return
        for edge, sent in enumerate(theirs):
            if sent is not None and sent.dtype is torch.float16 and sent.layout is torch.strided:
                self._first = self._first or _lost(passing, index, edge, grads, sent)

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Find the weights that it cost their gradients, while they are there."""
        if self._first is not None and self._finding is None and not self._over:
            self._finding = _finding(passing, self._first)
        self._first = None

    def happened(self, happening: Happening) -> None:
        """A step without a scaler follows; or there is one, and the loss was scaled."""
        if happening.kind in ("scaling", "unscaled") and happening.thing.is_enabled():
            self._over = True
        elif happening.kind == "stepping":
            self.finished(None)

    def finished(self, problem: BaseException | None) -> None:
        """No step follows any more."""
        if self._finding is not None and not self._over:
            self.report(self._finding)
            self._over = True


def _lost(passing: Passing, index: int, edge: int, grads: Sequence[Any], sent: torch.Tensor) -> Lost | None:
    given = given_wide(Scene(passing), index, edge, grads)
    target = passing.graph.nodes[index].edges[edge]
    if given is None or target is None:
        return None
    wide = settle(given.float() if given.is_floating_point() else given, target)
    there = wide != 0
    gone = there & (sent == 0)
    lost, total = int(gone.sum()), int(there.sum())
    if lost < FEW or lost <= HALF_LOST * total:
        return None
    return Lost(index, lost, total, float(wide[gone].abs().max()))


def _finding(passing: Passing, lost: Lost) -> Finding | None:
    """The finding, about the weights behind the node: those first that got nothing but 0."""
    behind = [index for index in _leaves_behind(passing, lost.index) if passing.live[index].variable.grad is not None]
    if not behind:
        return None
    zeros = {index: _zeros(passing.live[index].variable.grad) for index in behind}
    first = {index: place for place, index in enumerate(_in_order(passing, by_nearness(passing, lost.index, behind)))}
    order = sorted(behind, key=lambda index: (-zeros[index], passing.live[index].variable.dim() < 2, first[index]))
    said = passing.describe(lost.index)
    expression = plain(said.expression) or passing.graph.nodes[lost.index].name.partition("Backward")[0]
    nothing = [index for index in order if zeros[index] == 1.0]
    names = [leaf_name(passing, index) for index in order]
    also = f" {', '.join(names[: min(len(nothing), NAMED)])} got a gradient of 0 in every element." if nothing else ""
    return HalfUnderflow.found(
        names[0],
        passing.origin,
        what=(
            f"{lost.lost:,} of {counted(lost.total, 'gradient')} that go back through `{expression}` ({located(said.origin)}) are 0 in "
            f"float16; in float32 they are up to {rounded(lost.largest)}.{also}"
        ),
        why=(
            f"loss → `{expression}` → {names[0]}: the smallest float16 above 0 is 6e−8, half of it is rounded to 0, and what is 0 stays 0 "
            "all the way back. Nothing scaled the loss before backward."
        ),
        fix=(
            "Scale the loss: `scaler = torch.amp.GradScaler(device)` before the loop, `scaler.scale(loss).backward()`, "
            "`scaler.step(optimizer)`, `scaler.update()`; or use bfloat16, which needs none."
        ),
        severity=Severity.ERROR if nothing else None,
        passes=(passing.number,),
    )


def _leaves_behind(passing: Passing, index: int) -> list[int]:
    met, todo = {index}, [index]
    while todo:
        for edge in passing.graph.nodes[todo.pop()].edges:
            if edge is not None and edge.node not in met:
                met.add(edge.node)
                todo.append(edge.node)
    return sorted(index for index in met if passing.graph.nodes[index].leaf)


def _in_order(passing: Passing, leaves: Sequence[int]) -> list[int]:
    """The leaves in the order of the model, then the others."""
    place = {parameter: number for number, parameter in enumerate(p for _, model in passing.world.models for p in _parameters(model))}
    return sorted(leaves, key=lambda index: place.get(passing.live[index].variable, len(place)))


def _parameters(model: Any) -> list[torch.Tensor]:
    module = model.reference()
    return list(module.parameters()) if module is not None else []


def _zeros(grad: torch.Tensor) -> float:
    return 1.0 if not grad.numel() else float((grad == 0).sum()) / grad.numel()

"""Watches a program for faults of its gradients: tells every family what happens, and keeps what they find."""

import math
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from byhand.diagnosis.consequences import without_consequences
from byhand.diagnosis.families import FAMILIES
from byhand.diagnosis.family import Family
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.findings import Finding
from byhand.recording.engine import Started, is_batched, unnoticed
from byhand.recording.frames import user_frame
from byhand.recording.happenings import Happening
from byhand.recording.recorder import Recorder
from byhand.recording.saved import Saved


class Witness:
    """Sees one recording for all families of faults. What goes wrong in a family is noted, and never reaches the program."""

    def __init__(self, recorder: Recorder) -> None:
        self.world = World(recorder)
        self._listening = listening([family(self.world) for family in FAMILIES])
        self._sites: Counter[tuple[Any, int]] = Counter()

    def started(self, started: Started, frame: Any, *, direct: bool = False) -> "Looking | None":
        """A backward pass is about to run, called by the frame; None where its tensors have no numbers: fake ones, and those of vmap."""
        self.world.passes += 1
        leaves = [live.variable for node, live in zip(started.graph.nodes, started.live, strict=True) if node.leaf]
        if not all(has_numbers(each) for each in (*leaves, *started.seeds)):
            return None
        user = user_frame(frame)[0]
        site = (weakref.ref(user.f_code), user.f_lasti) if user is not None else (None, -1)
        self._sites[site] += 1
        passing = Passing(started, self.world, frame, number=self.world.passes, turn=self._sites[site], direct=direct)
        if passing.closely:
            self.world.look_around(frame)
        self._tell("starting", passing)
        return Looking(passing, self._tell)

    def ended(self, observer: Any, problem: BaseException | None) -> None:
        """A pass that was looked at is over, whole or broken off by a problem."""
        if isinstance(observer, Looking):
            observer.over(problem)

    def happened(self, happening: Happening) -> None:
        """The training loop did something besides forward and backward; steps of weights without numbers are passed over."""
        if isinstance(happening.thing, torch.optim.Optimizer):
            groups = getattr(happening.thing, "param_groups", ())
            if not all(has_numbers(each) for group in groups for each in group["params"][:1]):
                return
            self.world.meet(happening.thing)
        self._tell("happened", happening)
        self.world.steps += happening.kind == "stepped"

    def findings(self, problem: BaseException | None = None) -> tuple[Finding, ...]:
        """What was found so far; `problem` is what ended the program, if something did."""
        with unnoticed():
            self._tell("finished", problem)
        return without_consequences(tuple(self.world.findings.values()))

    def _tell(self, what: str, *arguments: Any) -> None:
        for method in self._listening[what]:
            try:
                method(*arguments)
            except Exception as problem:
                self.world.recorder.failed(problem)


def listening(families: Sequence[Family]) -> dict[str, list[Callable[..., None]]]:
    """The methods to call for everything that a family can be told, of those families that do something with it."""
    names = [name for name in vars(Family) if not name.startswith("_") and name != "report"]
    return {name: [getattr(each, name) for each in families if getattr(type(each), name) is not getattr(Family, name)] for name in names}


class Looking:
    """The eyes of the families on one pass."""

    def __init__(self, passing: Passing, tell: Callable[..., None]) -> None:
        self.passing, self._tell = passing, tell

    def node(self, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """A node ran."""
        self.passing.ran.add(index)
        if self.passing.closely or not all(finite(each) for each in theirs):
            self._tell("node", self.passing, index, grads, theirs, saved)

    def leaf(self, index: int, grad: Any) -> None:
        """A leaf's gradient is complete."""
        self._tell("leaf", self.passing, index, grad)

    def over(self, problem: BaseException | None) -> None:
        """The pass is over, whole or broken off by a problem."""
        self._tell("ended", self.passing, problem)
        self.passing.let_go()

    def stopped(self, index: int, output_nr: int, grad: Any) -> None:
        """The gradient of a place that was asked for, whose node did not run."""

    def interrupted(self) -> None:
        """Somebody broke the pass off."""


def has_numbers(tensor: Any) -> bool:
    """Whether a tensor can be read: not one without storage, one that stands for many, or one of a class that only pretends."""
    unreal = tensor.is_meta or is_batched(tensor) or isinstance(tensor, FakeTensor)
    return not unreal and tensor.layout is not torch.jagged


def finite(tensor: Any) -> bool:
    """Whether every element of a gradient is finite; None is. Reads the tensor once: a sum is not finite where an element is not."""
    if tensor is None or tensor.layout is not torch.strided or not (tensor.is_floating_point() or tensor.is_complex()):
        return True
    total = tensor.sum().item()
    if isinstance(total, complex):
        return (math.isfinite(total.real) and math.isfinite(total.imag)) or bool(tensor.isfinite().all())
    return math.isfinite(total) or bool(tensor.isfinite().all())

"""Units that are dead, and functions that are saturated."""

import math
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.scale.lasting import Lasting
from byhand.diagnosis.scale.slopes import RECTIFIERS, SQUASHERS, flatness, only, silent
from byhand.diagnosis.scale.units import Dead, dead, saturated
from byhand.diagnosis.ways import LINEAR, consumers, layer, nearest_leaf, weight
from byhand.diagnosis.world import World
from byhand.graph import Node
from byhand.recording.saved import Saved

SAMPLES = 16  # that must have been silent, all of them
UNITS = 12  # or so many of them: by the chance below, all of a dozen are dead in 8 of a million layers
CHANCE = 3 / 8  # units of a fresh layer that are dead by chance, at most: with one input between 0 and 1
DEVIATIONS = 4.0
NEARLY = 0.9  # of the elements, and of the gradient that arrives
_TOGETHER = frozenset({"BinaryCrossEntropyBackward0", "LogBackward0", "Log1PBackward0", "Log2Backward0"})
_BOUNDED = frozenset({"ClampBackward0", "ClampBackward1", "ClampMinBackward0", "ClampMaxBackward0", "MinimumBackward0", "MaximumBackward0"})


@dataclass(frozen=True, slots=True)
class _Seen:
    """An activation of this pass that may be at fault: the leaf before it, and either its dead units or how flat it was."""

    key: Any
    index: int
    leaf: int
    dead: Dead | None = None
    flat: tuple[float, float] | None = None


class Flat(Family):
    """Looks at every activation in the passes that are looked at closely."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._lasting = Lasting()
        self._silent: dict[Any, Any] = {}
        self._count: Counter[Any] = Counter()
        self._seen: list[_Seen] = []
        self._zero: set[int] = set()

    def starting(self, passing: Passing) -> None:
        """A new pass."""
        self._count, self._seen, self._zero = Counter(), [], set()

    def node(self, passing: Passing, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """Look at an activation."""
        node = passing.graph.nodes[index]
        if not passing.closely or (node.name not in RECTIFIERS and node.name not in SQUASHERS) or not grads or grads[0] is None:
            return
        place = only(node.edges)
        if place < 0 or place >= len(theirs) or grads[0].layout is not torch.strided or grads[0].numel() == 0:
            return
        if node.name in RECTIFIERS and self._rectifier(passing, node, grads[0], theirs[place], saved):
            return
        if node.name in SQUASHERS:
            self._squasher(passing, node, grads[0], theirs[place], saved)

    def leaf(self, passing: Passing, index: int, grad: Any) -> None:
        """Note the leaves that get exactly nothing."""
        if passing.closely and grad is not None and grad.layout is torch.strided and not bool(grad.any()):
            self._zero.add(index)

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Judge what was seen: now it is known which leaves got nothing."""
        seen, self._seen = self._seen, []
        if problem is not None:
            return
        for each in seen:
            nothing = each.leaf in self._zero
            final = nothing and each.dead is not None and each.dead.count == each.dead.total >= UNITS and _unfinished(passing)
            if each.dead is not None:
                told = dead(passing, each.index, each.leaf, each.dead, nothing=nothing)
            else:
                told = saturated(passing, each.index, each.leaf, each.flat or (0.0, 0.0), nothing=nothing)
            if each.flat and passing.graph.nodes[each.index].name in _BOUNDED and not nothing:
                self._lasting.absent(each.key)
            elif (finding := self._lasting.seen(each.key, told, final=final)) is not None:
                self.report(finding)

    def finished(self, problem: BaseException | None) -> None:
        """Say what was there in all of few passes."""
        for finding in self._lasting.remaining():
            self.report(finding)

    def _key(self, passing: Passing, node: Node, leaf: Node) -> Any:
        what = (weakref.ref(passing.live[leaf.index].variable), node.name)
        self._count[what] += 1
        return (*what, self._count[what])

    def _rectifier(self, passing: Passing, node: Node, grad: Any, sent: Any, saved: Saved) -> bool:
        """Look for dead units; whether the activation is one that has units."""
        before = layer(passing.graph, node)
        leaf = before and (weight(passing.graph, before) or nearest_leaf(passing.graph, before))
        mask = silent(node.name, grad, sent, saved) if leaf is not None else None
        if before is None or leaf is None or mask is None or not mask.dim():
            return False
        key = self._key(passing, node, leaf)
        units = _by_unit(mask, before)
        if mask.numel() // max(units.numel(), 1) < SAMPLES and not (bool(units.all()) and units.numel() >= UNITS):
            return True
        known = self._silent.get(key)
        both = units & known if known is not None and known.shape == units.shape else units
        count, total = int(both.sum()), both.numel()
        if count < total and not _more_than_chance(count, total):
            self._silent.pop(key, None)
            self._lasting.absent(key)
            return True
        self._silent[key] = both.clone()
        self._seen.append(_Seen(key, node.index, leaf.index, dead=Dead(count, total, mask.numel() // total)))
        return True

    def _squasher(self, passing: Passing, node: Node, grad: Any, sent: Any, saved: Saved) -> None:
        leaf = nearest_leaf(passing.graph, node)
        if leaf is None or sent is None or not bool((grad != 0).any()):
            return
        key = self._key(passing, node, leaf)
        flat = flatness(node.name, grad, sent, saved)
        if flat is None:
            return
        needed = 1.0 if node.name in _BOUNDED else NEARLY
        if min(flat) < needed or self._meant(passing, node):
            self._lasting.absent(key)
        else:
            self._seen.append(_Seen(key, node.index, leaf.index, flat=flat))

    def _meant(self, passing: Passing, node: Node) -> bool:
        """Whether the function belongs together with a logarithm that undoes its flatness, or nothing trained stands close before it."""
        graph = passing.graph
        takers = {graph.nodes[index].name for index in consumers(graph)[node.index]}
        if takers & _TOGETHER and node.name not in _BOUNDED:
            return True
        return node.name == "SoftmaxBackward0" and not _of_scores(passing, node)


def _unfinished(passing: Passing) -> bool:
    """Whether there is a loss left: a hinge that every sample keeps is as flat as a dead unit, and done."""
    return any(isinstance(root, torch.Tensor) and bool(root.detach().any()) for root in passing.roots)


def _of_scores(passing: Passing, node: Node) -> bool:
    """Whether softmax is taken of the scores of a layer or of an attention, with nothing added that is not trained: a mask, or noise."""
    graph = passing.graph
    for _ in range(6):
        needed = [edge for edge in node.edges if edge is not None]
        if not needed:
            return node.leaf
        node = graph.nodes[needed[0].node]
        if node.name in LINEAR or node.leaf:
            return True
        if node.name in {"AddBackward0", "WhereBackward0", "MaskedFillBackward0", "SubBackward0"} and only(node.edges) >= 0:
            return False
    return False


def _by_unit(mask: Any, before: Node) -> Any:
    """Which units are silent for all samples: of a convolution the channels, else the last dimension."""
    place = mask.dim() - 1
    if "Convolution" in before.name:
        place = 1 if mask.dim() == len(before.outputs[0].shape) and mask.dim() > 2 else 0
    others = [each for each in range(mask.dim()) if each != place]
    return mask.all(dim=others) if others else mask


def _more_than_chance(count: int, total: int) -> bool:
    spread = math.sqrt(total * CHANCE * (1 - CHANCE))
    return 2 * count > total and count > total * CHANCE + DEVIATIONS * spread

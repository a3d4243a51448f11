"""How large the gradient is along the depth of a network, and from pass to pass."""

import math
import weakref
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.scale import ExplodingGradient, VanishingGradient
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.scale.chain import Chain, longest
from byhand.diagnosis.scale.lasting import Lasting
from byhand.diagnosis.scale.telling import exploding, growing, vanishing
from byhand.diagnosis.world import World
from byhand.recording.saved import Saved

LAYERS = 5  # fewer are no chain
FALL, GROWTH = 1e6, 1e4
SOME = 1e3  # growth that counts where the weight's gradient is so much larger than the weight
HUGE = 100.0
PART = 0.5  # of the whole way, in powers of ten, that a single step may make
GROWING = 3  # passes in a row
LITTLE, MUCH = 1e2, 1e4  # how much the gradient has grown since the first pass
BEYOND = 10.0  # times the norm of the weights


class Depth(Family):
    """Measures the gradient along the longest chain of layers, and the whole gradient over time."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._chain: Chain | None = None
        self._arrived: dict[int, float] = {}
        self._leaves: dict[int, float] = {}
        self._lasting = Lasting()
        self._norms: dict[object, list[float]] = {}

    def starting(self, passing: Passing) -> None:
        """Find the chain."""
        self._arrived, self._leaves = {}, {}
        self._chain = longest(passing.graph) if passing.closely and passing.kind == "backward" else None

    def node(self, passing: Passing, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """Measure what arrives at the chain."""
        if self._chain is not None and index in self._chain.places and grads and grads[0] is not None:
            self._arrived[index] = norm(grads[0])

    def leaf(self, passing: Passing, index: int, grad: Any) -> None:
        """Measure what a leaf gets."""
        if self._chain is not None and grad is not None:
            self._leaves[index] = norm(grad)

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Judge the pass."""
        chain, self._chain = self._chain, None
        if chain is None or problem is not None:
            return
        self._judge_time(passing)
        chain.measure(self._arrived)
        first = chain.deepest_leaf(passing.graph)
        if first is None or len(chain.norms) < LAYERS:
            return
        key = weakref.ref(passing.live[first.index].variable)
        self._judge(("vanishing", key), passing, VanishingGradient if _vanishes(chain) else None, chain)
        self._judge(("exploding", key), passing, ExplodingGradient if self._explodes(passing, chain, first.index) else None, chain)

    def _explodes(self, passing: Passing, chain: Chain, leaf: int) -> bool:
        """Whether the gradient grows by very much over many layers."""
        steps = [math.log(after / before) for before, after in pairwise(chain.norms)]
        growth = sum(steps)
        beyond = self._leaves.get(leaf, 0.0) > HUGE * norm(passing.live[leaf].variable)
        return growth >= math.log(SOME if beyond else GROWTH) and max(steps) <= PART * growth

    def _judge(self, key: Any, passing: Passing, kind: Any, chain: Chain) -> None:
        if kind is None:
            self._lasting.absent(key)
            return
        tell = vanishing if kind is VanishingGradient else exploding
        finding = self._lasting.seen(key, tell(passing, chain, self._leaves))
        if finding is not None:
            self.report(finding)

    def _judge_time(self, passing: Passing) -> None:
        """The norm of the whole gradient, against that of the same line's earlier passes."""
        whole = math.hypot(*self._leaves.values())
        place = passing.origin and (passing.origin.file, passing.origin.line)
        known = self._norms.setdefault(place, [])
        known.append(whole)
        last = known[-GROWING - 1 :]
        if len(last) <= GROWING or not known[0] or not all(before < after for before, after in pairwise(last)):
            return
        growth = whole / known[0]
        weights = math.hypot(*(norm(passing.live[index].variable) for index in self._leaves))
        if growth >= LITTLE and whole > BEYOND * weights:
            self.report(growing(passing, known, self._leaves, weights, certain=growth >= MUCH))

    def finished(self, problem: BaseException | None) -> None:
        """Say what was there in all of few passes."""
        for finding in self._lasting.remaining():
            self.report(finding)


def norm(tensor: Any) -> float:
    """The norm of a gradient, also where its square would not fit its dtype."""
    if tensor.layout is not torch.strided or not (tensor.is_floating_point() or tensor.is_complex()):
        return math.nan
    wide = torch.complex128 if tensor.is_complex() else torch.float64
    return float(torch.linalg.vector_norm(tensor.detach(), dtype=wide))


def _vanishes(chain: Chain) -> bool:
    """Whether the gradient falls by very much, over many layers, for the weight at the end of the chain."""
    steps = [math.log(before / after) for before, after in pairwise(chain.norms)]
    fall = sum(steps)
    return fall >= math.log(FALL) and max(steps) <= PART * fall and chain.norms[0] >= FALL * chain.largest_at_end

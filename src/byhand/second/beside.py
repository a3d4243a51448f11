"""Two second derivatives side by side: ours and PyTorch's, at every place that a gradient may depend on."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from byhand.chain_rule import as_is
from byhand.comparison import compare, unit
from byhand.graph import Node
from byhand.recording.walk import gradient_node
from byhand.results import Comparison, Verdict
from byhand.rounding import spread
from byhand.second.bounded import Spot
from byhand.second.derivatives import Derivatives
from byhand.second.workings import Bounds, Change, Directions, Grads, Working
from byhand.words import size

GUARD = 1e-12  # PyTorch's own formulas for second derivatives add as much to what they divide by
STEP, TURNS = 1e-6, 4  # how far and how often the operands are moved to see whether they lie at a kink
Work = Callable[[Change], Callable[[], torch.Tensor]]


class Place(NamedTuple):
    """Where the derivatives are compared: at an input, by its edge, or at an upstream gradient; our graph and PyTorch's end there."""

    edge: int | None
    ours: Spot
    theirs: Spot


class Apart(NamedTuple):
    """Where two second derivatives differ, and how; `nothing` says that PyTorch has none there."""

    edge: int | None
    words: str
    nothing: bool


def places_of(grads: Grads, fresh: Grads, bounds: Bounds) -> list[Place]:
    """Every input, then every upstream gradient, each once; `fresh` are ours, which stand for PyTorch's `grads`.

    The places must be held while they are used: PyTorch makes a leaf's node anew when nobody holds it.
    """
    found: dict[Spot, Place] = {}
    for number, spot in bounds.inputs.items():
        found.setdefault(spot, Place(number, spot, spot))
    for theirs, ours in zip(grads, fresh, strict=True):
        if theirs is not None and ours is not None and theirs.requires_grad:
            spot = gradient_node(theirs)
            found.setdefault(spot, Place(None, gradient_node(ours), spot))
    return list(found.values())


def direction(node: Node, number: int, like: torch.Tensor) -> torch.Tensor:
    """A random direction, always the same, from a generator of our own."""
    generator = torch.Generator().manual_seed(1_000 * node.index + number)
    dtype = torch.complex128 if like.is_complex() else torch.float64
    return torch.randn(like.shape, generator=generator, dtype=dtype).to(device=like.device, dtype=like.dtype)


def first_apart(
    node: Node, working: Working, theirs: Derivatives, directions: Directions, places: Sequence[Place], loudest: float
) -> Apart | None:
    """The first place where the derivatives differ by more than rounding explains, None if there is none.

    `loudest` is the largest number that PyTorch's were worked from: what cancels leaves its rounding behind.
    """
    ours = working.derivative(directions, as_is)
    rounding = max(GUARD, unit(*(meta.dtype for meta in node.outputs), *(edge.meta.dtype for edge in node.edges if edge)))
    scale = max((largest(each) for each in (*ours.values(), *theirs.values())), default=0.0)
    for place in places:
        mine, other = ours.get(place.ours), theirs.get(place.theirs)

        def again(change: Change, place: Place = place) -> Callable[[], torch.Tensor]:
            return lambda: working.derivative(directions, change)[place.ours]

        nothing = other is None or not other.count_nonzero()
        comparison = _compare(mine, other, rounding, scale if nothing else max(scale, loudest), again)
        if comparison is not None and comparison.verdict is Verdict.DIFFERS:
            return Apart(place.edge, _words(place, comparison, mine if nothing else None), nothing)
    return None


def largest(tensor: torch.Tensor) -> float:
    """The size of the largest finite element."""
    finite = tensor[torch.isfinite(tensor)]
    return finite.abs().max().item() if finite.numel() else 0.0


def _compare(mine: torch.Tensor | None, other: torch.Tensor | None, rounding: float, scale: float, again: Work) -> Comparison | None:
    """At a kink PyTorch may take any of the values nearby; where ours is no number, at a pole of the rule, nothing is said."""
    if mine is None:
        return None if other is None else compare(torch.zeros_like(other), other, rounding, scale=scale)
    theirs = torch.zeros_like(mine) if other is None else other
    finite = torch.where(torch.isfinite(mine), mine, theirs.to(mine.dtype)).to(theirs.dtype)
    comparison = compare(finite, theirs, rounding, scale=scale, noise=lambda: spread(again, rounding))
    if comparison.verdict is not Verdict.DIFFERS or finite.is_complex():
        return comparison
    least, most = _nearby(again, finite)
    beside_kinks = torch.where(torch.isfinite(theirs), theirs.double().clamp(least, most).to(theirs.dtype), finite)
    return compare(beside_kinks, theirs, rounding, scale=scale, noise=lambda: spread(again, rounding))


def _nearby(again: Work, mine: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The least and the largest of what the derivative is where every operand is moved a little, back and forth."""
    least = most = mine.double()
    for turn in range(TURNS):
        for step in (-STEP, STEP):
            moved = again(_Shift(turn, step))().double()
            least, most = torch.fmin(least, moved), torch.fmax(most, moved)
    return least, most


class _Shift:
    """Moves each element of a tensor to one side, at random; tensors that go through one after the other are moved independently."""

    def __init__(self, turn: int, step: float) -> None:
        self._generator, self._step = torch.Generator().manual_seed(turn), step

    def __call__(self, value: Any) -> Any:
        """The value moved, in double precision; what is not a tensor of real numbers is returned as it is."""
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            return value
        signs = torch.randint(0, 2, value.shape, generator=self._generator, dtype=torch.float64).to(value.device) * 2 - 1
        wide = value.double()
        typical = wide.abs().mean() if wide.numel() else 0.0
        return wide + self._step * signs * torch.where(wide == 0, typical, wide.abs())


def _words(place: Place, comparison: Comparison, lost: torch.Tensor | None) -> str:
    towards = "" if place.edge is not None else "towards the upstream gradient "
    if lost is not None:
        return f"{towards}PyTorch has nothing there, where it is up to {size(largest(lost))} by hand (along a random direction)"
    return f"{towards}it is off by {size(comparison.error)} along a random direction, where rounding explains {size(comparison.floor)}"

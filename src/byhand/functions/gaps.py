"""Two results of the same backward beside each other: how many elements are not the same to rounding, and which is the first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from byhand.comparison import unit, widen
from byhand.words import rounded

UNITS = 32.0  # units of rounding by which an element may move when sums are taken in another order
SPREAD = 32.0  # times what one unit of rounding in the gradient that arrives is seen to move
COARSE = 1e-4  # a rounding unit above this is a half type's, of which 32 would be 12 %
HALF = 1 / 8  # what is left of both there

Gradients = Mapping[str, torch.Tensor | None]


@dataclass(frozen=True, slots=True)
class Gap:
    """A difference beyond rounding in the gradient of one input: so many elements of `total`, the first of them, and its two values."""

    name: str
    wrong: int
    total: int
    first: tuple[int, ...]
    expected: complex
    found: complex

    def told(self) -> str:
        """The difference in words."""
        many = f"{self.wrong:,} of {self.total:,} elements" if self.total > 1 else "it"
        at = f", the first at {list(self.first)}" if self.first else ""
        return f"{many}{at}: {_number(self.found)} instead of {_number(self.expected)}"


def _number(value: complex) -> str:
    return rounded(value.real) if not value.imag else f"{rounded(value.real)} + {rounded(value.imag)}i"


class Floors:
    """How far rounding may move each gradient of a backward; `signed` gives what it makes of gradients with random signs.

    A backward is linear in what arrives: gradients that are moved by one rounding unit, up or down at random, move its result by that
    unit of what the same gradients with random signs give.
    """

    def __init__(self, rounding: float, signed: Callable[[], list[Gradients]]) -> None:
        self._rounding, self._signed = rounding, signed
        self._seen: dict[str, torch.Tensor] | None = None
        self._part = HALF if rounding > COARSE else 1.0

    def quick(self, *others: torch.Tensor) -> torch.Tensor:
        """What needs no measurement: some units of each element's own size, or of the tensor's."""
        sizes = sum((torch.nan_to_num(widen(each).abs(), posinf=0.0) for each in others), torch.zeros((), dtype=torch.float64))
        typical = sizes.square().mean().sqrt() if sizes.numel() else sizes
        return self._part * UNITS * self._rounding * torch.maximum(sizes, typical)

    def measured(self, name: str) -> torch.Tensor:
        """How far rounding moves each element of one gradient."""
        if self._seen is None:
            self._seen = self._measure()
        return self._part * SPREAD * self._rounding * self._seen.get(name, torch.zeros((), dtype=torch.float64))

    def _measure(self) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = {}
        for signed in self._signed():
            for name, gradient in signed.items():
                if gradient is not None:
                    size = torch.nan_to_num(widen(gradient).abs(), posinf=0.0)
                    found[name] = torch.maximum(found[name], size) if name in found else size
        return {name: each.clamp(min=each.median()) if each.numel() else each for name, each in found.items()}


def gap_between(expected: Gradients, found: Gradients, floors: Floors) -> Gap | None:
    """The first difference beyond rounding between two sets of gradients; None if there is none."""
    for name, one in expected.items():
        other = found.get(name)
        if one is None and other is None:
            continue
        left = torch.zeros_like(other) if one is None and other is not None else one
        right = torch.zeros_like(left) if other is None and left is not None else other
        if left is not None and right is not None and (gap := _gap(name, left, right, floors)):
            return gap
    return None


def _gap(name: str, expected: torch.Tensor, found: torch.Tensor, floors: Floors) -> Gap | None:
    if _ordinary(expected, found) and torch.equal(expected, found):
        return None
    left, right = widen(expected), widen(found)
    same = (left == right) | (left.isnan() & right.isnan())
    distance = torch.where(same, 0.0, (left - right).abs().nan_to_num(nan=torch.inf, posinf=torch.inf))
    wrong = distance > floors.quick(expected, found)
    if bool(wrong.any()):
        wrong = distance > floors.quick(expected, found) + floors.measured(name)
    return gap_at(name, wrong, left, right) if bool(wrong.any()) else None


def changed(name: str, before: torch.Tensor, after: torch.Tensor) -> Gap | None:
    """Whether a tensor still has the same bits as a copy of it; which elements changed if not."""
    if _ordinary(before, after) and torch.equal(before, after):
        return None
    left, right = widen(before), widen(after)
    wrong = ~((left == right) | (left.isnan() & right.isnan()))
    return gap_at(name, wrong, left, right) if bool(wrong.any()) else None


def _ordinary(*tensors: torch.Tensor) -> bool:
    """Whether PyTorch can tell if two tensors are equal."""
    return all(tensor.layout is torch.strided and tensor.dtype is not torch.complex32 for tensor in tensors)


def gap_at(name: str, wrong: torch.Tensor, expected: torch.Tensor, found: torch.Tensor) -> Gap:
    """The marked elements as a gap."""
    place = int(wrong.reshape(-1).to(torch.uint8).argmax())
    first = tuple(int(each) for each in torch.unravel_index(torch.tensor(place), wrong.shape)) if wrong.dim() else ()
    return Gap(name, int(wrong.sum()), wrong.numel(), first, expected.reshape(-1)[place].item(), found.reshape(-1)[place].item())


def largest_unit(tensors: list[torch.Tensor]) -> float:
    """The rounding unit of the coarsest dtype among them."""
    return unit(*(tensor.dtype for tensor in tensors))

"""By hand beside PyTorch: two tensors compared, and the rounding floor that the difference is held against."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch

from byhand.quick import SMALL, quickly
from byhand.results import Comparison, Fault, Verdict
from byhand.rounding import Movement, factor_between
from byhand.words import multiple

COARSE = 1e-4  # a rounding unit above this is a half type's


class Limits(NamedTuple):
    """How far two tensors may be apart, in units of rounding and in multiples of what rounding was measured to do.

    `units` is the quick floor of an element, `spread` times its measured movement is added where that is exceeded; `whole` units and
    `together` times the measured factor are what two tensors of `many` elements and more may differ by as a whole.
    """

    units: float
    spread: float
    whole: float
    together: float
    many: int


class Told(NamedTuple):
    """How two tensors differ: the pattern in words and its kind, and if there is none, what stands where they differ most.

    `factor` is the one between all elements, where that is the pattern.
    """

    pattern: str = ""
    fault: Fault | None = None
    example: str = ""
    factor: float = 0.0


Describe = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], Told]
"""What says in words how two tensors differ, given the floor of each element."""

FULL = Limits(32.0, 32.0, 16.0, 32.0, many=16)
HALF = Limits(4.0, 8.0, 4.0, 1.5, many=1)  # rules work these in float32: the rest is PyTorch's rounding, over OpInfo at most 5.3
UNITS = FULL.units


@cache
def unit(*dtypes: torch.dtype) -> float:
    """The rounding unit of the coarsest floating dtype among them: half the distance from 1 to the next number."""
    return max((torch.finfo(dtype).eps / 2 for dtype in dtypes if dtype.is_floating_point or dtype.is_complex), default=0.0)


def widen(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in double precision, dense."""
    dense = tensor.detach().to_dense() if tensor.layout is not torch.strided else tensor.detach()
    return dense.to(torch.complex128 if dense.is_complex() else torch.float64)


def compare(
    ours: torch.Tensor,
    theirs: torch.Tensor,
    rounding: float,
    *,
    noise: Callable[[], Iterable[Movement]] | None = None,
    scale: float = 0.0,
    largest: float | None = None,
    source: str = "engine",
    describe: Describe | None = None,
) -> Comparison:
    """Whether two tensors agree to rounding.

    The quick floor of an element is 32 units of its own size (4 in half types, where `noise` is known); in tensors of more than 4,096
    elements, of the root mean square if that is larger; and of `scale` where the caller knows one. Only where that is exceeded is
    `noise` asked for: how far each element moves when every operand is changed by one unit. Tensors of 16 elements and more must agree
    as a whole too, so that a small constant factor cannot hide. NaN agrees with NaN, infinities with the same infinity.
    `describe` is asked for the pattern of a difference, with ours, theirs and the floors.
    """
    limits = HALF if rounding > COARSE and noise is not None else FULL
    strict = limits.whole / limits.units if noise is not None else 1.0
    near = closely(ours, theirs, limits.units * rounding, scale=scale, strict=strict, largest=largest, source=source)
    if near is not None:
        return near
    left, right = widen(ours), widen(theirs)
    if not right.numel():
        return Comparison(Verdict.AGREES, 0.0, 0.0, source=source)
    difference = difference_of(left, right)
    sizes = torch.where(torch.isfinite(right), right.abs(), 0.0)
    typical = max(scale, sizes.square().mean().sqrt().item() if right.numel() > SMALL else 0.0)
    floors = limits.units * rounding * sizes.clamp(min=typical)
    factor = factor_between(left, right) if right.numel() >= limits.many and noise is not None else 0.0
    whole = limits.whole * rounding
    if noise is not None and (abs(factor) > whole or (difference > floors).any()):
        floors, whole = _measured(difference, ~torch.isfinite(right), floors, factor, whole, limits, noise)
    ratio = torch.where(difference > 0, difference / floors, 0.0).nan_to_num(nan=0.0, posinf=torch.inf)
    worst = int(ratio.argmax())
    error, floor = difference.reshape(-1)[worst].item(), floors.reshape(-1)[worst].item()
    if error > floor:
        told = describe(ours, theirs, floors) if describe is not None else Told()
        wrong, total, first = count_wrong(difference, floors)
        where = index_of(worst, ratio)
        found = Comparison(Verdict.DIFFERS, error, floor, where, source=source, wrong=wrong, total=total, first=first)
        return replace(found, pattern=told.pattern, fault=told.fault, example=told.example, factor=told.factor)
    if abs(factor) > whole:
        return _together(factor, Comparison(Verdict.DIFFERS, error, floor, source=source, total=right.numel()))
    return Comparison(Verdict.AGREES, error, floor, source=source)


def _together(factor: float, found: Comparison) -> Comparison:
    """A difference of the whole: by what part ours is PyTorch's, turned round as it is said."""
    if not 1 + factor:
        return replace(found, reason="no element is beyond rounding, but together they cancel")
    exact = 1 / (1 + factor)
    ratio = float(f"{exact:.3g}") if abs(exact - 1) >= 0.01 else exact
    reason = f"no element is beyond rounding, but together they are {multiple(ratio)} × the one by hand"
    return replace(found, reason=reason, fault=Fault.FACTOR, factor=ratio)


def closely(
    ours: torch.Tensor,
    theirs: torch.Tensor,
    floor: float,
    *,
    scale: float = 0.0,
    strict: float = 1.0,
    largest: float | None = None,
    source: str = "engine",
) -> Comparison | None:
    """The comparison of two tensors that are equal, or so close that nothing need be measured; None where that takes a closer look.

    `floor` is what an element of size 1 may be off by, and `strict` the part of it that none may exceed; `largest` is the size of the
    largest element, if that is known.
    """
    if ours is theirs or (ours.layout is torch.strided and theirs.layout is torch.strided and torch.equal(ours, theirs)):
        found = _largest(theirs) if largest is None else largest
        return Comparison(Verdict.AGREES, 0.0, floor * max(found, scale), source=source)
    near = quickly(ours, theirs, floor, scale, strict)
    return None if near is None else Comparison(Verdict.AGREES, *near, source=source)


def _measured(
    difference: torch.Tensor,
    beyond: torch.Tensor,
    quick: torch.Tensor,
    factor: float,
    whole: float,
    limits: Limits,
    noise: Callable[[], Iterable[Movement]],
) -> tuple[torch.Tensor, float]:
    """The quick floors of the elements and of the factor with what was measured: one estimate more, as long as a difference stands out."""
    floors, together = quick, whole
    for movement in noise():
        floors, together = quick + limits.spread * _smoothed(movement.elements), whole + limits.together * movement.factor
        lost = ~torch.isfinite(movement.elements) if movement.lost is None else movement.lost
        floors = torch.where(lost, torch.where(beyond, torch.inf, floors.maximum(quick * (FULL.units / limits.units))), floors)
        if abs(factor) <= together and not (difference > floors).any():
            break
    return floors, together


def _smoothed(spread: torch.Tensor) -> torch.Tensor:
    """The measured movement of each element, at least that of the middle one: a few samples may miss an element by chance."""
    finite = torch.where(torch.isfinite(spread), spread, 0.0)
    return finite.clamp(min=finite.median().item())


def count_wrong(difference: torch.Tensor, floors: torch.Tensor) -> tuple[int, int, tuple[int, ...]]:
    """How many elements are off by more than their floor, of how many, and where the first is."""
    wrong = difference > floors
    count = int(wrong.sum())
    return count, wrong.numel(), index_of(int(wrong.reshape(-1).to(torch.uint8).argmax()), wrong) if count else ()


def index_of(position: int, tensor: torch.Tensor) -> tuple[int, ...]:
    """The index of the element at a position of the flattened tensor."""
    found = []
    for size in reversed(tensor.shape):
        position, index = divmod(position, size)
        found.append(index)
    return tuple(reversed(found))


def difference_of(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """How far each element is off; 0 where both are the same NaN or infinity, infinite where only one is."""
    difference = (left - right).abs()
    odd = ~(torch.isfinite(left) & torch.isfinite(right))
    if odd.any():
        same = (left == right) | (torch.isnan(left) & torch.isnan(right))
        difference = torch.where(odd, torch.where(same, 0.0, torch.inf), difference)
    return difference


def _largest(tensor: torch.Tensor) -> float:
    """The size of the largest finite element."""
    if not tensor.numel():
        return 0.0
    if tensor.numel() == 1:
        largest = abs(tensor.item())
    elif tensor.dtype in (torch.float32, torch.float64):
        low, high = (each.item() for each in torch.aminmax(tensor))
        largest = max(-low, high)
    else:
        largest = tensor.abs().max().item()
    if largest < float("inf"):
        return largest
    finite = tensor[torch.isfinite(tensor)]
    return finite.abs().max().item() if finite.numel() else 0.0

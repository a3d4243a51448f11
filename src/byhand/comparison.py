"""By hand beside PyTorch: two tensors compared, and the rounding floor that the difference is held against."""

from collections.abc import Callable

import torch

from byhand.results import Comparison, Verdict

UNITS = 32.0  # the quick floor: this many units of rounding; most elements need no more
SPREAD = 32.0  # the measured floor: this many times the change that one unit of rounding in every operand makes
SMALL = 4_096  # elements; up to this many, each is held against its own size, in larger tensors against the tensor's too
FACTOR = 16.0  # units of rounding by which two large tensors may differ as a whole


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
    noise: Callable[[], torch.Tensor] | None = None,
    scale: float = 0.0,
    source: str = "engine",
) -> Comparison:
    """Whether two tensors agree to rounding.

    The quick floor of an element is 32 units of its own size; in tensors of more than 4,096 elements, of the root mean square if that
    is larger; and of `scale` where the caller knows one. Only where that is exceeded is `noise` asked for: how far each element moves
    when every operand is changed by one unit. Large tensors must agree as a whole too, so that a small constant factor cannot
    hide. NaN agrees with NaN, infinities with the same infinity.
    """
    if ours.layout is torch.strided and theirs.layout is torch.strided and torch.equal(ours, theirs):
        return Comparison(Verdict.AGREES, 0.0, _largest_floor(theirs, rounding, scale), source=source)
    left, right = widen(ours), widen(theirs)
    if not right.numel():
        return Comparison(Verdict.AGREES, 0.0, 0.0, source=source)
    difference = _difference(left, right)
    sizes = torch.where(torch.isfinite(right), right.abs(), 0.0)
    large = right.numel() > SMALL
    typical = max(scale, sizes.square().mean().sqrt().item() if large else 0.0)
    floors = UNITS * rounding * sizes.clamp(min=typical)
    if (difference > floors).any() and noise is not None:
        floors = floors + SPREAD * _smoothed(noise())
    ratio = torch.where(difference > 0, difference / floors, 0.0)
    worst = int(ratio.argmax())
    error, floor = difference.reshape(-1)[worst].item(), floors.reshape(-1)[worst].item()
    if error > floor:
        where = tuple(int(each) for each in torch.unravel_index(torch.tensor(worst), ratio.shape)) if ratio.dim() else ()
        return Comparison(Verdict.DIFFERS, error, floor, where, source=source)
    factor = _factor(left, right) if large and noise is not None else 0.0
    if abs(factor) > FACTOR * rounding and bool((difference > UNITS * rounding * scale).any()):
        return Comparison(Verdict.DIFFERS, error, floor, reason=f"as a whole by the factor {1 + factor:.9g}", source=source)
    return Comparison(Verdict.AGREES, error, floor, source=source)


def _smoothed(spread: torch.Tensor) -> torch.Tensor:
    """The measured movement of each element, at least that of the middle one: a few samples may miss an element by chance."""
    finite = torch.where(torch.isfinite(spread), spread, 0.0)
    return finite.clamp(min=finite.median().item())


def _difference(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """How far each element is off; 0 where both are the same NaN or infinity, infinite where only one is."""
    difference = (left - right).abs()
    odd = ~(torch.isfinite(left) & torch.isfinite(right))
    if odd.any():
        same = (left == right) | (torch.isnan(left) & torch.isnan(right))
        difference = torch.where(odd, torch.where(same, 0.0, torch.inf), difference)
    return difference


def _factor(left: torch.Tensor, right: torch.Tensor) -> float:
    """By what part the one is the other, as a whole: the inner product over the square, minus 1; 0 where that says nothing."""
    square = torch.vdot(right.reshape(-1), right.reshape(-1)).real.item()
    product = torch.vdot(right.reshape(-1), left.reshape(-1)).real.item()
    return product / square - 1 if 0 < square < float("inf") and abs(product) < float("inf") else 0.0


def _largest_floor(theirs: torch.Tensor, rounding: float, scale: float) -> float:
    """The quick floor of the largest finite element."""
    largest = abs(theirs.item()) if theirs.numel() == 1 else theirs.abs().max().item() if theirs.numel() else 0.0
    if not largest < float("inf"):
        finite = theirs[torch.isfinite(theirs)]
        largest = finite.abs().max().item() if finite.numel() else 0.0
    return UNITS * rounding * max(largest, scale)

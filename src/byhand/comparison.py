"""By hand beside PyTorch: two tensors compared, and the rounding floor that the difference is held against."""

from collections.abc import Callable

import torch

from byhand.results import Comparison, Verdict

UNITS = 32.0  # the quick floor: this many units of rounding of the largest element; most edges need no more
SPREAD = 16.0  # the measured floor: this many times the change that one unit of rounding in every operand makes
SAMPLES = 3


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

    The quick floor is 32 units of the largest element (or of `scale`, if larger). Only where that is exceeded is `noise` asked for:
    how far each element moves when every operand is changed by one unit. NaN agrees with NaN, infinities with the same infinity.
    """
    if ours.layout is torch.strided and theirs.layout is torch.strided and torch.equal(ours, theirs):
        return Comparison(Verdict.AGREES, 0.0, _floor(theirs, rounding, scale), source=source)
    left, right = widen(ours), widen(theirs)
    if not right.numel():
        return Comparison(Verdict.AGREES, 0.0, 0.0, source=source)
    difference = (left - right).abs()
    odd = ~(torch.isfinite(left) & torch.isfinite(right))
    if odd.any():
        same = (left == right) | (torch.isnan(left) & torch.isnan(right))
        difference = torch.where(odd, torch.where(same, 0.0, torch.inf), difference)
    error = difference.max().item()
    floor = _floor(right, rounding, scale)
    if error <= floor:
        return Comparison(Verdict.AGREES, error, floor, source=source)
    floors = torch.full_like(difference, floor)
    if noise is not None:
        spread = noise()
        finite = torch.where(torch.isfinite(spread), spread, 0.0)
        floors = SPREAD * torch.maximum(finite, finite.mean()) + UNITS * rounding * torch.where(torch.isfinite(right), right.abs(), 0.0)
    ratio = torch.where(difference > 0, difference / floors, 0.0)
    worst = int(ratio.argmax())
    where = tuple(int(each) for each in torch.unravel_index(torch.tensor(worst), ratio.shape)) if ratio.dim() else ()
    error, floor = difference.reshape(-1)[worst].item(), floors.reshape(-1)[worst].item()
    verdict = Verdict.AGREES if error <= floor else Verdict.DIFFERS
    return Comparison(verdict, error, floor, where if verdict is Verdict.DIFFERS else (), source=source)


def _floor(theirs: torch.Tensor, rounding: float, scale: float) -> float:
    """The quick floor: relative to the largest finite element, or to the scale the caller knows."""
    if theirs.layout is not torch.strided:
        theirs = theirs.to_dense()
    largest = 0.0
    if theirs.numel() == 1:
        size = abs(theirs.item())
        largest = size if size < float("inf") else 0.0
    elif theirs.numel():
        sizes = theirs.abs()
        largest = sizes.max().item()
        if not largest < float("inf"):
            finite = sizes[torch.isfinite(sizes)]
            largest = finite.max().item() if finite.numel() else 0.0
    return UNITS * rounding * max(largest, scale)


class Nudge:
    """Changes tensors by one rounding unit, each element up or down at random; PyTorch's own generator is not touched."""

    def __init__(self, rounding: float) -> None:
        self._rounding = rounding
        self._generators: dict[torch.device, torch.Generator] = {}

    def __call__(self, value: object) -> object:
        """The value nudged; what is not a floating tensor is returned as it is."""
        if (
            not isinstance(value, torch.Tensor)
            or not (value.is_floating_point() or value.is_complex())
            or value.layout is not torch.strided
        ):
            return value
        generator = self._generators.get(value.device)
        if generator is None:
            generator = self._generators[value.device] = torch.Generator(value.device).manual_seed(0)
        signs = torch.randint(0, 2, value.shape, generator=generator, device=value.device, dtype=torch.int8) * 2 - 1
        return value.to(torch.complex128 if value.is_complex() else torch.float64) * (1 + self._rounding * signs.to(torch.float64))

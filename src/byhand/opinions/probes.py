"""Random probes of one forward: along a few directions, how the outputs change is held against the gradient."""

import math
from collections.abc import Sequence

import torch

from byhand.comparison import widen
from byhand.opinions.opaque import Opaque
from byhand.opinions.opinion import Probe
from byhand.results import Comparison, Verdict

PROBES = 8
DOUBTS = 2


def probe(function: Opaque, number: int, upstream: Sequence[torch.Tensor]) -> Probe:
    """Directions of random signs, two steps each. The floor is what the two steps disagree by, and what rounding may do."""
    value = function.values[number]
    generator = torch.Generator(value.device).manual_seed(0)
    directions, slopes, floors = [], [], []
    for _ in range(PROBES):
        signs = torch.randint(0, 2, value.shape, generator=generator, device=value.device) * 2 - 1
        width = function.epsilon ** (1 / 3) * max(value.abs().mean().item(), 1e-30)
        coarse, _ = _along(function, number, upstream, signs * width)
        fine, size = _along(function, number, upstream, signs * (width / 2))
        wide, narrow = coarse / (2 * width), fine / width
        directions.append(signs.to(torch.int8))
        slopes.append((4 * narrow - wide) / 3)
        floors.append(abs(wide - narrow) / 2 + 8 * function.epsilon * size / width)

    def compared(theirs: torch.Tensor, source: str) -> Comparison:
        wide = widen(theirs)
        rounding = 32 * torch.finfo(theirs.dtype).eps * wide.norm().item()
        products = [(wide * direction).sum().item() for direction in directions]
        errors = [abs(product - slope) for product, slope in zip(products, slopes, strict=True)]
        worst = max(range(PROBES), key=lambda each: errors[each] / (floors[each] + rounding or 1.0))
        floor = floors[worst] + rounding
        verdict = Verdict.AGREES if errors[worst] <= floor else Verdict.DIFFERS
        return Comparison(verdict, errors[worst], floor, reason=_power(floor, wide.norm().item()), source=source)

    return compared


def refuted(function: Opaque, number: int, upstream: Sequence[torch.Tensor], gradient: torch.Tensor | None) -> bool:
    """Whether the function itself, called once more, changes along some direction otherwise than a gradient says."""
    value = function.values[number]
    sent = torch.zeros_like(value, dtype=torch.float64) if gradient is None else widen(gradient)
    generator = torch.Generator(value.device).manual_seed(1)
    for _ in range(DOUBTS):
        signs = torch.randint(0, 2, value.shape, generator=generator, device=value.device) * 2 - 1
        width = function.epsilon ** (1 / 3) * max(value.abs().mean().item(), 1e-30)
        coarse, _ = _along(function, number, upstream, signs * width)
        fine, size = _along(function, number, upstream, signs * (width / 2))
        floor = 16 * abs(coarse / (2 * width) - fine / width) + 16 * function.epsilon * size / width
        said = (sent * signs).sum().item()
        if abs(fine / width - said) > floor + 1e-3 * max(abs(said), abs(fine / width)):
            return True
    return False


def _power(floor: float, norm: float) -> str:
    """What the probes would have found: an error of this share of the gradient escapes one of them in a thousand times."""
    if not norm or not math.isfinite(norm):
        return f"by {PROBES} random probes"
    # each probe misses an error e with probability about 0.8 · floor / |e|; all of them with that to the power of their number
    share = 0.8 * floor / norm / 0.001 ** (1 / PROBES)
    return f"by {PROBES} random probes: an error of {share:.1g} of the whole gradient would be found 999 times in 1,000"


def _along(function: Opaque, number: int, upstream: Sequence[torch.Tensor], step: torch.Tensor) -> tuple[float, float]:
    sides = []
    for sign in (1, -1):
        moved = [value + sign * step if each == number else value for each, value in enumerate(function.values)]
        sides.append(function(moved))
    change = size = 0.0
    for weight, above, below in zip(upstream, *sides, strict=True):
        if weight.is_floating_point():
            change += (weight.double() * (above.double() - below.double())).sum().item()
            size += (weight.double() * above.double()).norm().item()
    return change, size

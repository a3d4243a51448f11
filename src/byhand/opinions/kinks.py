"""Where a function has a kink, its gradient may be any value between those of its two sides: both are right, and neither is a fault."""

from collections.abc import Callable

import torch

from byhand.comparison import widen
from byhand.graph import Edge
from byhand.opinions.opinion import Given

STEP = 1e-7  # of an element's size, and of the tensor's: far more than rounding in double precision, far less than the program's numbers
SAMPLES = 6
JUMP = 1e-3  # of the larger side's gradient: by less than this a smooth function may change along the step

Shifted = Callable[[Callable[[torch.Tensor], torch.Tensor]], Given]
"""What the edges are sent with every input moved by the function it is given."""


def between_the_sides(shifted: Shifted, number: int, edge: Edge, ours: torch.Tensor, theirs: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Our gradient with PyTorch's in the elements at a kink, where that lies between the two sides; and how many these are."""
    low = high = widen(ours)
    if low.is_complex():
        return ours, 0
    for sample in range(SAMPLES):
        sent = shifted(_Shift(sample))[number]
        if sent is None or not torch.isfinite(sent).all():
            return ours, 0
        side = widen(sent if tuple(sent.shape) == edge.meta.shape else sent.sum_to_size(edge.meta.shape))
        low, high = torch.minimum(low, side), torch.maximum(high, side)
    kinked = high - low > JUMP * torch.maximum(low.abs(), high.abs())
    inside = kinked & (widen(theirs) >= low - (high - low) * JUMP) & (widen(theirs) <= high + (high - low) * JUMP)
    count = int((inside & (ours != theirs)).sum())
    return (torch.where(inside, theirs, ours), count) if count else (ours, 0)


class _Shift:
    """Moves every element a little, all up, all down, or each at random; in double precision."""

    def __init__(self, sample: int) -> None:
        self._sample = sample
        self._generator = torch.Generator().manual_seed(sample)

    def __call__(self, value: torch.Tensor) -> torch.Tensor:
        """The value, moved."""
        wide = widen(value)
        signs = torch.randint(0, 2, value.shape, generator=self._generator, dtype=torch.float64).to(value.device) * 2 - 1
        if self._sample < 2:
            signs = torch.full_like(signs, 1.0 - 2.0 * self._sample)
        typical = wide.abs().mean() if wide.numel() else 0.0
        return wide + STEP * signs * (wide.abs() + typical)

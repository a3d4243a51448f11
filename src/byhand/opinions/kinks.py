"""Where a function has a kink, its gradient may be any value between those of its two sides: both are right, and neither is a fault."""

from collections.abc import Callable

import torch

from byhand.comparison import widen
from byhand.graph import Edge
from byhand.opinions.opinion import Given, Opinion

STEP = 1e-7  # of an element's size: far more than rounding in double precision, far less than the program's numbers
SAMPLES = 12  # in pairs that move in opposite ways
JUMP = 1e-3  # of the larger side's gradient: by less than this a smooth function may change along the step

Shifted = Callable[[Callable[[torch.Tensor], torch.Tensor]], Given]
"""What the edges are sent with every input moved by the function it is given."""


def beside_kinks(opinion: Opinion, number: int, edge: Edge, ours: torch.Tensor, theirs: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Our gradient with PyTorch's in the elements at a kink, where that lies between the two sides; and how many these are."""
    sides = opinion.sides.get(number) or _sides(opinion.shifted, number, edge, ours)
    if sides is None:
        return ours, 0
    low, high = (side.reshape(ours.shape) for side in sides)
    kinked = ~(high - low <= JUMP * torch.maximum(low.abs(), high.abs()))
    room = torch.where(torch.isfinite(high - low), (high - low) * JUMP, 0.0)
    inside = kinked & (widen(theirs) >= low - room) & (widen(theirs) <= high + room)
    count = int((inside & (ours != theirs)).sum())
    return (torch.where(inside, theirs, ours), count) if count else (ours, 0)


def _sides(shifted: Shifted | None, number: int, edge: Edge, ours: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
    """The least and the largest gradient close by, None where that says nothing."""
    low = high = widen(ours)
    if low.is_complex() or shifted is None:
        return None
    for sample in range(SAMPLES):
        sent = shifted(_Shift(sample))[number]
        if sent is None or not torch.isfinite(sent).all():
            return None
        side = widen(sent if tuple(sent.shape) == edge.meta.shape else sent.sum_to_size(edge.meta.shape))
        low, high = torch.minimum(low, side), torch.maximum(high, side)
    return low, high


class _Shift:
    """Moves every element a little, in double precision; two samples after each other move in opposite ways.

    The first two move all alike, the next two each the farther the later it is, so that of equal elements the last or the first is the
    largest, and the others each at random.
    """

    def __init__(self, sample: int) -> None:
        self._kind, self._way = sample // 2, 1.0 - 2.0 * (sample % 2)
        self._generator = torch.Generator().manual_seed(self._kind)

    def __call__(self, value: torch.Tensor) -> torch.Tensor:
        """The value, moved."""
        wide = widen(value)
        typical = wide.abs().mean() if wide.numel() else 0.0
        # by a part of itself: a smooth function with a pole close by does not jump then; a zero by a part of what is usual
        return wide + STEP * self._way * self._moves(wide) * torch.where(wide == 0, typical, wide.abs())

    def _moves(self, wide: torch.Tensor) -> torch.Tensor:
        if self._kind == 0:
            return torch.ones_like(wide)
        if self._kind == 1:
            return torch.linspace(-1, 1, wide.numel(), dtype=wide.dtype, device=wide.device).view(wide.shape)
        return torch.rand(wide.shape, generator=self._generator, dtype=wide.dtype).to(wide.device) * 2 - 1

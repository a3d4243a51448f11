"""What a wrong gradient is held against, and what is found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from byhand.results import Fault

SAMPLED = 1 << 12  # elements that must be the same before all are looked at
UNITS = 8.0  # of rounding, by which two numbers may be apart that are said to be the same
LEFT = 0.125  # of the difference: what a pattern may leave of it at most, or it explains nothing
CLEAR = 10.0  # times its floor is what an element must be off by to stand out


class Pattern(NamedTuple):
    """A pattern in words, and its kind; `factor` is the one between all of PyTorch's elements and ours, where that is the pattern."""

    words: str
    fault: Fault
    factor: float = 0.0


@dataclass(frozen=True, slots=True)
class Difference:
    """How many elements of how many are wrong, where the first is, and the pattern, "" where there is no simple one.

    Then `example` has the numbers where they differ most, if those of one place belong together.
    """

    wrong: int
    total: int
    first: tuple[int, ...]
    pattern: str = ""
    fault: Fault | None = None
    example: str = ""
    factor: float = 0.0


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around one edge of a node: all that a pattern may be made of.

    `upstream` are the gradients that arrived, one for each output; `siblings` our gradients of the node's other inputs by the words for
    them; `parts` what each output alone sends to this edge; `values` the inputs and outputs of the forward by their names; `returned`
    the shape that backward returned, before PyTorch made it fit; `mistaken` what comes of a known mistake, by the words for it.
    """

    upstream: Sequence[torch.Tensor | None] = ()
    siblings: Mapping[str, torch.Tensor] = field(default_factory=dict)
    parts: Mapping[int, torch.Tensor] = field(default_factory=dict)
    values: Mapping[str, torch.Tensor] = field(default_factory=dict)
    returned: tuple[int, ...] | None = None
    mistaken: Mapping[str, tuple[Fault, torch.Tensor]] = field(default_factory=dict)


def _sample(tensor: torch.Tensor, step: int) -> torch.Tensor:
    """Elements spread over all of a tensor; none of it is copied but these."""
    positions = torch.arange(0, tensor.numel(), step, device=tensor.device)
    indexes = []
    for size in reversed(tensor.shape):
        indexes.append(positions % size)
        positions = positions // size
    return tensor[tuple(reversed(indexes))]


@dataclass(frozen=True, slots=True)
class Compared:
    """One gradient by hand and PyTorch's, in double precision, with the floor of each element and what is wrong beyond it."""

    ours: torch.Tensor
    theirs: torch.Tensor
    floors: torch.Tensor
    wrong: torch.Tensor
    rounding: float

    def same(
        self, one: torch.Tensor, other: torch.Tensor, *, scale: torch.Tensor | float = 1.0, weight: torch.Tensor | float = 1.0
    ) -> bool:
        """Whether two tensors are the same up to rounding, and that explains how the gradients differ.

        `scale` is what the floors were multiplied with on the way, and `weight` what PyTorch's gradient was.
        """
        step = max(1, one.numel() // SAMPLED)
        if step > 1 and not self._near(*(_sample(each, step) for each in (one, other, self.floors, self._scaled(scale)))):
            return False
        return self._near(one, other, self.floors, self._scaled(scale)) and self.explains(one - other, (self.theirs - self.ours) * weight)

    def explains(self, rest: torch.Tensor, off: torch.Tensor) -> bool:
        """Whether a pattern that leaves `rest` of what is off says anything: little is left of the whole, and of most of its elements.

        Where rounding is coarse, its floors alone would let almost any pattern pass.
        """
        rest, off = rest.abs(), off.abs()
        concerned = (off > 0) | (rest > 0)
        if not concerned.any() or not rest.norm() <= LEFT * off.norm():
            return False
        return bool((rest <= 2 * LEFT * off)[concerned].double().mean() >= 0.5)

    def stands_out(self, region: torch.Tensor) -> bool:
        """Whether the wrong elements are off far beyond their floors, and those outside the region, beside them, by nothing."""
        off = (self.theirs - self.ours).abs()
        beside, there = off[~region], off[self.wrong]
        if beside.numel() and not beside.any():
            return True
        clear = bool((there >= CLEAR * self.floors[self.wrong]).double().mean() >= 0.5)
        return clear and (not beside.numel() or bool(beside.square().mean() <= LEFT**2 * there.square().mean()))

    def _scaled(self, scale: torch.Tensor | float) -> torch.Tensor:
        shape = self.floors.shape
        return scale.broadcast_to(shape) if isinstance(scale, torch.Tensor) else self.floors.new_tensor(scale).expand(shape)

    def _near(self, one: torch.Tensor, other: torch.Tensor, floors: torch.Tensor, scale: torch.Tensor) -> bool:
        allowed = floors * scale.abs() + UNITS * self.rounding * torch.maximum(one.abs(), other.abs())
        return bool(((one - other).abs() <= allowed).all())

    def is_theirs(self, candidate: torch.Tensor) -> bool:
        """Whether PyTorch's gradient is this one."""
        return candidate.shape == self.theirs.shape and self.same(candidate, self.theirs)

    def fitted(self, tensor: torch.Tensor) -> torch.Tensor | None:
        """The tensor in double precision and in the gradient's shape, if it can be broadcast to it."""
        if tensor.layout is not torch.strided or not (tensor.is_floating_point() or tensor.is_complex()):
            return None
        try:
            return tensor.detach().to(self.ours.dtype).broadcast_to(self.ours.shape)
        except RuntimeError:
            return None

    def along_rows(self, tensor: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
        """The tensor with one number for each row of a dimension, wherever it can be laid so and broadcasting would not do it."""
        lengths = [size for size in tensor.shape if size != 1]
        if len(lengths) != 1 or tensor.layout is not torch.strided or tensor.is_complex():
            return
        for dimension, size in enumerate(self.ours.shape[:-1]):
            if size == lengths[0] and tensor.is_floating_point():
                sizes = [size if each == dimension else 1 for each in range(self.ours.dim())]
                yield dimension, tensor.detach().reshape(sizes).to(self.ours.dtype).broadcast_to(self.ours.shape)

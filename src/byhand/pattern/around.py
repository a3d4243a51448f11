"""What a wrong gradient is held against, and what is found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from byhand.results import Fault

UNITS = 8.0  # of rounding, by which two numbers may be apart that are said to be the same


class Pattern(NamedTuple):
    """A pattern in words, and its kind."""

    words: str
    fault: Fault


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


@dataclass(frozen=True, slots=True)
class Compared:
    """One gradient by hand and PyTorch's, in double precision, with the floor of each element and what is wrong beyond it."""

    ours: torch.Tensor
    theirs: torch.Tensor
    floors: torch.Tensor
    wrong: torch.Tensor
    rounding: float

    def same(self, one: torch.Tensor, other: torch.Tensor, *, scale: torch.Tensor | float = 1.0) -> bool:
        """Whether two tensors are the same up to rounding; `scale` is what the floors were multiplied with on the way."""
        apart = (one - other).abs()
        allowed = self.floors * (scale.abs() if isinstance(scale, torch.Tensor) else abs(scale))
        allowed = allowed + UNITS * self.rounding * torch.maximum(one.abs(), other.abs())
        return bool((apart <= allowed).all())

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

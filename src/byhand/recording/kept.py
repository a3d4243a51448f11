"""Tensors that a forward took in: kept as they were, as far as there is room, and known again."""

import weakref
from typing import Any

import torch

COPIED = 1 << 20  # elements; a larger input is kept as it is, and what its version says is believed
TOGETHER = 1 << 24  # elements of all copies that there are at one time
_SAMPLES = 64


class Kept:
    """A tensor that went into a forward: a copy of it if there is room, and itself, held weakly, to see whether it was changed."""

    __slots__ = ("_reference", "_room", "copy", "dtype", "version")
    held = 0  # elements of all copies there are

    def __init__(self, tensor: torch.Tensor, copy: torch.Tensor | None) -> None:
        self._reference = weakref.ref(tensor)
        self.copy, self.version, self.dtype = copy, version(tensor), tensor.dtype
        self._room = 0 if copy is None or 0 in copy.stride() else copy.numel()
        Kept.held += self._room

    def __del__(self) -> None:
        Kept.held -= self._room

    @classmethod
    def of(cls, tensor: torch.Tensor, *, most: int = COPIED) -> "Kept":
        """The tensor as it is now; of one with more elements than `most`, or where all copies are too many, no copy is made."""
        small = tensor.numel() <= most and cls.held + tensor.numel() <= TOGETHER
        return cls(tensor, tensor.detach().clone() if small else None)

    @classmethod
    def blank(cls, tensor: torch.Tensor) -> "Kept":
        """A tensor whose numbers do not matter."""
        return cls(tensor, torch.zeros((), dtype=tensor.dtype, device=tensor.device).expand(tensor.shape))

    @property
    def tensor(self) -> torch.Tensor | None:
        """The tensor as it is now, None if it is gone."""
        alive = self._reference()
        return None if alive is None else alive.detach()

    @property
    def changed(self) -> bool:
        """Whether the tensor is no longer what it was; of a large one only what its version tells."""
        alive = self.tensor
        if alive is None:
            return False
        return version(alive) != self.version if self.copy is None else not same(self.copy, alive)

    def value(self) -> torch.Tensor | None:
        """What it was at the time, None if that is not known any more."""
        if self.copy is not None:
            return self.copy
        alive = self.tensor
        return None if alive is None or version(alive) != self.version else alive


def version(tensor: torch.Tensor) -> int:
    """How often a tensor was changed in place; 0 where PyTorch does not count."""
    return 0 if tensor.is_inference() else tensor._version


def same(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two tensors hold the same numbers, NaN like NaN."""
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    return torch.equal(left, right) or bool(((left == right) | ((left != left) & (right != right))).all())


def fingerprint(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Enough of a tensor's numbers to know it again: shape, dtype, its sum, its norm and some elements, in double precision."""
    flat = tensor.detach()
    if not (flat.is_floating_point() or flat.is_complex()):
        return (tuple(flat.shape), flat.dtype, flat.sum().item() if flat.numel() else 0)
    wide = torch.complex128 if flat.is_complex() else torch.float64
    step = max(1, flat.numel() // _SAMPLES)
    samples = flat.reshape(-1)[::step].to(wide).tolist() if flat.numel() else []
    return (tuple(flat.shape), flat.dtype, flat.sum(dtype=wide).item(), torch.linalg.vector_norm(flat, dtype=wide).item(), samples)


def matches(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    """Whether two fingerprints are of the same numbers, but for the last digits that threads may add up in another order."""
    if left[:2] != right[:2] or len(left) != len(right):
        return False
    pairs = [*zip(left[2:4], right[2:4], strict=True), *(zip(left[4], right[4], strict=True) if len(left) > 4 else ())]
    scale = abs(left[3]) if len(left) > 3 else 0.0
    return all(one == other or (one != one and other != other) or abs(one - other) <= 1e-5 * max(scale, abs(one)) for one, other in pairs)

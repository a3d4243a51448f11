"""Named helpers of the rules that move elements about: where each element came from, and how its gradient gets back there."""

import math
from typing import Any

import torch

from byhand.rules.table import helper


@helper
def negated(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Each of the numbers with its sign turned."""
    return tuple(-number for number in numbers)


@helper
def permutation_back(dims: tuple[int, ...]) -> tuple[int, ...]:
    """The order of dimensions that undoes this one."""
    return tuple(sorted(range(len(dims)), key=lambda number: dims[number] % len(dims)))


@helper
def sum_repeats(grad: torch.Tensor, repeats: tuple[int, ...], shape: tuple[int, ...]) -> torch.Tensor:
    """Adds up the copies that repeat made of a tensor of this shape."""
    if not repeats:
        return grad
    lengths = (1,) * (len(repeats) - len(shape)) + tuple(shape)
    copies = grad.reshape([size for pair in zip(repeats, lengths, strict=True) for size in pair])
    return copies.sum(tuple(range(0, 2 * len(repeats), 2))).reshape(shape)


@helper
def positions(shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
    """The numbers 0, 1, 2, ... in this shape, in reading order: a name for every element."""
    return torch.arange(math.prod(shape), device=like.device).reshape(shape)


@helper
def send_back(grad: torch.Tensor, sources: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of this shape with every element of grad added to the element it came from, given by its position."""
    return grad.new_zeros(math.prod(shape)).index_add(0, sources.reshape(-1), grad.reshape(-1)).reshape(shape)


@helper
def part(value: torch.Tensor, dim: int, start: int | None, end: int | None, step: int) -> torch.Tensor:
    """The slice start:end:step of one dimension."""
    return value[(slice(None),) * (dim % value.dim()) + (slice(start, end, step),)]


@helper
def pick(value: torch.Tensor, indices: tuple[torch.Tensor | None, ...]) -> torch.Tensor:
    """value[indices], where None stands for a whole dimension."""
    return value[tuple(slice(None) if each is None else each.long() if each.dtype is torch.int32 else each for each in indices)]


@helper
def clamped(indices: tuple[torch.Tensor | None, ...], shape: tuple[int, ...]) -> tuple[torch.Tensor | None, ...]:
    """The indices, those that lie outside a tensor of this shape moved to its edge."""
    return tuple(None if each is None else each.clamp(-size, size - 1) for each, size in zip(indices, shape, strict=False))


@helper
def add_at(value: torch.Tensor, indices: tuple[torch.Tensor | None, ...], grad: torch.Tensor) -> torch.Tensor:
    """The value with grad added at the indices, as often as they name an element."""
    result: torch.Tensor = torch.ops.aten.index_put(value, list(indices), grad, True)
    return result


@helper
def zero_at(value: torch.Tensor, indices: tuple[torch.Tensor | None, ...]) -> torch.Tensor:
    """The value with zeros at the indices."""
    result: torch.Tensor = torch.ops.aten.index_put(value, list(indices), value.new_zeros(()))
    return result


@helper
def strided(shape: Any, stride: tuple[int, ...] | None, offset: int | None, like: torch.Tensor) -> torch.Tensor:
    """The place in memory of every element of a tensor of this shape, stride and offset; contiguous if they are not known."""
    stride = tuple(math.prod(max(size, 1) for size in shape[number + 1 :]) for number in range(len(shape))) if stride is None else stride
    result = torch.full((), offset or 0, device=like.device)
    for size, step in zip(shape, stride, strict=True):
        result = result.unsqueeze(-1) + torch.arange(size, device=like.device) * step
    return result


@helper
def through_memory(grad: torch.Tensor, sources: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Adds every element of grad to the place in memory it was read from, then reads the gradient off at the receiver's places.

    A place that the receiver holds several times shares its gradient out evenly, as PyTorch has it.
    """
    length = max((int(each.max()) + 1 for each in (sources, places) if each.numel()), default=0)
    memory = send_back(grad, sources, (length,))
    held = torch.bincount(places.reshape(-1), minlength=length).clamp(min=1)
    return (memory / held)[places]

"""Central differences of one forward, by its structure: all elements at once where each output depends on its own input only."""

import math
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import torch

from byhand.errors import Unreadable
from byhand.graph import Node
from byhand.opinions.opaque import Opaque
from byhand.opinions.opinion import Grads, Opinion
from byhand.opinions.probes import probe
from byhand.recording.kept import same
from byhand.recording.tape import Tape

INNER = 256  # elements that depend on each other; each takes four evaluations, more are probed at random
WORK = 1 << 28  # elements evaluated in all
KINK = 1e-2  # of the slope: by how much it may change with half the step before the function is said to have a kink there


class Slopes(NamedTuple):
    """The gradient at one input by differences, how far each element may be off, and what it may be between.

    The two sides are the same where there is no kink; where nothing can be said they are infinitely far apart.
    """

    gradient: torch.Tensor
    noise: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor


def by_difference(node: Node, tape: Tape, grads: Grads, reason: str) -> Opinion:
    """Each edge by differences of the forward. Raises Unreadable with the reason where it cannot be called again."""
    function = Opaque(tape, reason)
    if function.draws:
        raise Unreadable(tape.name, "", f"{reason}, and it draws random numbers")
    if not function.deterministic():
        raise Unreadable(tape.name, "", f"{reason}, and called twice it gives two results")
    upstream = upstream_of(function, grads)
    edges = [number for number, edge in enumerate(node.edges) if edge is not None]
    given, noise, sides, probes = {}, {}, {}, {}
    for edge, number in zip(edges, tape.wanted, strict=True):
        inner = structure(function, number)
        if inner is None:
            probes[edge] = probe(function, number, upstream)
            continue
        found = slopes(function, number, upstream, inner)
        given[edge], noise[edge], sides[edge] = found.gradient, found.noise, (found.low, found.high)
    return Opinion("difference", given, noise=noise, sides=sides, probes=probes)


def upstream_of(function: Opaque, grads: Grads) -> list[torch.Tensor]:
    """The upstream gradient of each output, zeros where none arrived."""
    return [
        torch.zeros_like(output) if grad is None or not output.is_floating_point() else grad.to(output.dtype)
        for grad, output in zip(grads, function.outputs, strict=True)
    ]


def structure(function: Opaque, number: int) -> list[tuple[int, ...]] | None:
    """The positions that must be moved one after the other, everything else being moved at once; None if they are too many.

    A position is an index into the dimensions along which outputs depend on other inputs than their own.
    """
    shape = function.values[number].shape
    if not function.values[number].is_floating_point():
        return None
    mixed = [dimension for dimension in range(len(shape)) if not _own(function, number, dimension)]
    positions = math.prod(shape[dimension] for dimension in mixed)
    cost = positions * sum(output.numel() for output in function.outputs)
    if positions > INNER or cost > WORK:
        return None
    return list(product(*(range(length) if dimension in mixed else (-1,) for dimension, length in enumerate(shape))))


def _own(function: Opaque, number: int, dimension: int) -> bool:
    """Whether an output's index along a dimension is that of the only input it depends on.

    Half of the indices are moved at a time, by one digit of their number: any two of them are told apart by some digit.
    """
    value = function.values[number]
    length, back = value.shape[dimension], value.dim() - dimension
    if any(output.dim() < back or output.shape[-back] != length for output in function.outputs):
        return False
    indices = torch.arange(length, device=value.device)
    steps = _steps(value, function.epsilon)
    for digit in range(max(length - 1, 0).bit_length()):
        for kept in (0, 1):
            still = (indices >> digit & 1) == kept
            where = (~still).nonzero().flatten()
            moved = value.clone().index_add_(dimension, where, steps.index_select(dimension, where))
            again = function([moved if each == number else other for each, other in enumerate(function.values)])
            if not all(_same_at(still, back, left, right) for left, right in zip(again, function.outputs, strict=True)):
                return False
    return True


def _same_at(still: torch.Tensor, back: int, left: torch.Tensor, right: torch.Tensor) -> bool:
    where = still.nonzero().flatten()
    return same(left.index_select(-back, where), right.index_select(-back, where))


def _steps(value: torch.Tensor, epsilon: float, *, close: bool = False) -> torch.Tensor:
    """The step of each element: where cutting off and rounding cost about the same; `close` to it, where that leads too far."""
    typical = value.abs().mean().clamp(min=1e-30) if value.numel() else value.new_tensor(1.0)
    share: float = epsilon ** (1 / 3)
    sizes = value.abs() if close else torch.maximum(value.abs(), typical)
    return torch.where(sizes == 0, typical, sizes) * share


def slopes(function: Opaque, number: int, upstream: Sequence[torch.Tensor], positions: Sequence[tuple[int, ...]]) -> Slopes:
    """The gradient at one input by five-point differences, once more with closer steps where these are not smooth.

    The noise is what the two steps disagree by, what rounding does to the differences, and what it does to a backward that adds up the
    same terms in the program's own precision.
    """
    value = function.values[number]
    found = _differences(function, number, upstream, positions, _steps(value, function.epsilon))
    if bool(((found.low == found.high) & torch.isfinite(found.gradient)).all()):
        return found
    nearer = _differences(function, number, upstream, positions, _steps(value, function.epsilon, close=True))
    better = (nearer.low == nearer.high) & torch.isfinite(nearer.gradient)
    chosen = Slopes(*(torch.where(better, new, old) for new, old in zip(nearer, found, strict=True)))
    lost = ~torch.isfinite(chosen.gradient)
    endless = torch.full_like(chosen.low, torch.inf)
    return Slopes(
        torch.where(lost, 0.0, chosen.gradient),
        torch.where(lost, 0.0, chosen.noise),
        torch.where(lost, -endless, chosen.low),
        torch.where(lost, endless, chosen.high),
    )


def _differences(
    function: Opaque, number: int, upstream: Sequence[torch.Tensor], positions: Sequence[tuple[int, ...]], steps: torch.Tensor
) -> Slopes:
    value = function.values[number]
    gradient, noise, low, high = (torch.zeros_like(value) for _ in range(4))
    for position in positions:
        mask = torch.zeros_like(value)
        mask[tuple(slice(None) if index < 0 else index for index in position)] = 1
        width = torch.where(mask > 0, steps, 1.0)
        above, below, _, _ = _change(function, number, upstream, steps * mask, position)
        rise, fall, terms, size = _change(function, number, upstream, steps * mask / 2, position)
        wide, right, left = (above - below) / (2 * width), rise / (width / 2), -fall / (width / 2)
        narrow = (right + left) / 2
        rounding = 4 * function.epsilon * size / width + function.native * terms / width
        smooth = (right - left).abs() <= KINK * torch.maximum(right.abs(), left.abs()) + 16 * rounding
        exact = (4 * narrow - wide) / 3
        here = mask > 0
        gradient = torch.where(here, exact, gradient)
        noise = torch.where(here, (wide - narrow).abs() / 16 + rounding, noise)
        low = torch.where(here, torch.where(smooth, exact, torch.minimum(left, right)), low)
        high = torch.where(here, torch.where(smooth, exact, torch.maximum(left, right)), high)
    return Slopes(gradient, noise, low, high)


def _change(
    function: Opaque, number: int, upstream: Sequence[torch.Tensor], step: torch.Tensor, position: tuple[int, ...]
) -> tuple[torch.Tensor, ...]:
    """How the outputs change to one side and to the other, times what they weigh, summed up for each element of the input.

    Besides, the size of the change without signs, and the size of what was weighed.
    """
    value = function.values[number]
    sides = [
        function([value + sign * step if each == number else other for each, other in enumerate(function.values)]) for sign in (1.0, -1.0)
    ]
    sums = [torch.zeros_like(value) for _ in range(4)]
    for weight, above, below, middle in zip(upstream, *sides, function.outputs, strict=True):
        if weight.is_floating_point() and weight.numel():
            sizes = weight.abs() * torch.maximum(above.abs(), below.abs())
            every = (weight * (above - middle), weight * (below - middle), (weight * (above - below)).abs(), sizes)
            sums = [total + _reduced(each, value, position) for total, each in zip(sums, every, strict=True)]
    return tuple(sums)


def _reduced(change: torch.Tensor, value: torch.Tensor, position: tuple[int, ...]) -> torch.Tensor:
    """Summed to the input's shape: along the dimensions that were moved at once each keeps its own, the others are added up."""
    while change.dim() > value.dim():
        change = change.sum(0)
    change = change.reshape((1,) * (value.dim() - change.dim()) + tuple(change.shape))
    for dimension, index in enumerate(position):
        if index >= 0:
            change = change.sum(dimension, keepdim=True)
    return change.expand(value.shape)

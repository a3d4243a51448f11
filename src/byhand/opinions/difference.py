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
from byhand.recording.tape import Tape

INNER = 256  # elements that depend on each other; each takes four evaluations, more are probed at random
WORK = 1 << 28  # elements evaluated in all
MASKS = 3  # random halves that are moved to see what depends on what
KINK = 1e-2  # of the slope: by how much it may change with half the step before the function is said to have a kink there


class Slopes(NamedTuple):
    """The gradient at one input by differences, how far each element may be off, and the share of elements at a kink."""

    gradient: torch.Tensor
    noise: torch.Tensor
    kinks: float


def by_difference(node: Node, tape: Tape, grads: Grads, reason: str) -> Opinion:
    """Each edge by differences of the forward. Raises Unreadable with the reason where it cannot be called again."""
    function = Opaque(tape, reason)
    if function.draws:
        raise Unreadable(tape.name, "", f"{reason}, and it draws random numbers")
    if not function.deterministic():
        raise Unreadable(tape.name, "", f"{reason}, and called twice it gives two results")
    upstream = [
        torch.zeros_like(output) if grad is None or not output.is_floating_point() else grad.to(output.dtype)
        for grad, output in zip(grads, function.outputs, strict=True)
    ]
    edges = [number for number, edge in enumerate(node.edges) if edge is not None]
    given, noise, notes, probes = {}, {}, {}, {}
    for edge, number in zip(edges, tape.wanted, strict=True):
        inner = structure(function, number)
        if inner is None:
            probes[edge] = probe(function, number, upstream)
            continue
        found = slopes(function, number, upstream, inner)
        given[edge], noise[edge] = found.gradient, found.noise
        notes[edge] = f"{found.kinks:.1%} of the elements lie at a kink and were left out" if found.kinks else ""
    return Opinion("difference", given, noise=noise, notes=notes, probes=probes)


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
    """Whether an output's index along a dimension is that of the only input it depends on."""
    value = function.values[number]
    back = value.dim() - dimension
    if any(output.dim() < back or output.shape[-back] != value.shape[dimension] for output in function.outputs):
        return False
    if value.shape[dimension] == 1:
        return all(output.shape[-back] == 1 for output in function.outputs)
    generator = torch.Generator().manual_seed(0)
    for _ in range(MASKS):
        half = torch.rand(value.shape[dimension], generator=generator) < 0.5
        if not bool(half.any()) or bool(half.all()):
            half = torch.arange(value.shape[dimension]) % 2 == 0
        moved = value.clone()
        index = half.to(value.device).nonzero().flatten()
        moved.index_add_(dimension, index, _steps(value, function.epsilon).index_select(dimension, index))
        again = function([moved if each == number else other for each, other in enumerate(function.values)])
        still = (~half).to(value.device).nonzero().flatten()
        for output, before in zip(again, function.outputs, strict=True):
            if not torch.equal(output.index_select(-back, still), before.index_select(-back, still)):
                return False
    return True


def _steps(value: torch.Tensor, epsilon: float) -> torch.Tensor:
    """The step of each element: where cutting off and rounding cost about the same."""
    typical = value.abs().mean().clamp(min=1e-30) if value.numel() else value.new_tensor(1.0)
    share: float = epsilon ** (1 / 3)
    return torch.maximum(value.abs(), typical) * share


def slopes(function: Opaque, number: int, upstream: Sequence[torch.Tensor], positions: Sequence[tuple[int, ...]]) -> Slopes:
    """The gradient at one input by five-point differences.

    The noise is what the two steps disagree by, what rounding does to the differences, and what it does to a backward that adds up the
    same terms in the program's own precision.
    """
    value = function.values[number]
    gradient, noise = torch.zeros_like(value), torch.zeros_like(value)
    kinked = torch.zeros_like(value, dtype=torch.bool)
    steps = _steps(value, function.epsilon)
    for position in positions:
        mask = torch.zeros_like(value)
        mask[tuple(slice(None) if index < 0 else index for index in position)] = 1
        step = steps * mask
        coarse, terms, _ = _slope(function, number, upstream, step)
        fine, _, size = _slope(function, number, upstream, step / 2)
        reduced = [_reduced(each, value, position) for each in (coarse, fine, size, terms)]
        width = torch.where(mask > 0, steps, 1.0)
        wide, narrow = reduced[0] / (2 * width), reduced[1] / width
        off = (wide - narrow).abs()
        rounding = 4 * function.epsilon * reduced[2] / width + function.native * reduced[3] / (2 * width)
        kinked |= (mask > 0) & (off > KINK * torch.maximum(wide.abs(), narrow.abs()) + 16 * rounding)
        gradient += torch.where(mask > 0, (4 * narrow - wide) / 3, 0.0)
        noise += torch.where(mask > 0, off / 16 + rounding, 0.0)
    noise = torch.where(kinked, gradient.abs() * 1e3 + 1e3, noise)
    return Slopes(gradient, noise, kinked.double().mean().item() if value.numel() else 0.0)


def _slope(function: Opaque, number: int, upstream: Sequence[torch.Tensor], step: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """How each output element changes from one side to the other, times what it weighs, summed over the outputs.

    Besides, the same without signs, and the size of what was weighed.
    """
    sides = []
    for sign in (1.0, -1.0):
        moved = [value + sign * step if each == number else value for each, value in enumerate(function.values)]
        sides.append(function(moved))
    change, terms, size = torch.zeros(()), torch.zeros(()), torch.zeros(())
    for weight, above, below in zip(upstream, *sides, strict=True):
        if weight.is_floating_point():
            change = change + weight * (above - below)
            terms = terms + (weight * (above - below)).abs()
            size = size + weight.abs() * torch.maximum(above.abs(), below.abs())
    return change, terms, size


def _reduced(change: torch.Tensor, value: torch.Tensor, position: tuple[int, ...]) -> torch.Tensor:
    """Summed to the input's shape: along the dimensions that were moved at once each keeps its own, the others are added up."""
    while change.dim() > value.dim():
        change = change.sum(0)
    change = change.reshape((1,) * (value.dim() - change.dim()) + tuple(change.shape))
    for dimension, index in enumerate(position):
        if index >= 0:
            change = change.sum(dimension, keepdim=True)
    return change.expand(value.shape)

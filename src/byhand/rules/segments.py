"""Derivatives of reductions over segments: every element takes what its own segment received."""

import torch
import torch.nn.functional as F

from byhand.rules.helpers import weight_or_one
from byhand.rules.table import helper, rule, shared

REDUCE = "torch.segment_reduce"
NODE = "SegmentReduceBackward0"
LENGTHS = "lengths=torch.tensor([3, 0, 2, 1])"
OFFSETS = "offsets=torch.tensor([[0, 2, 2, 5], [0, 1, 4, 5]]), axis=1, unsafe=True"
TIED = "torch.cat([a := leaf(2, 2), a, leaf(2, 2)])"
HOLES = "leaf(6, 2) * torch.tensor([1.0, 0, 1, 0, 0, 1]).unsqueeze(1)"


@shared(NODE)
def bounds(lengths, offsets):
    """Where each segment begins and, at the end, where the last one ends."""
    return F.pad(lengths.cumsum(-1), (1, 0)) if offsets is None else offsets


@shared(NODE)
def segment(bounds, data, axis):
    """The number of the segment that each element lies in; one more than there are if it lies in none."""
    place = torch.arange(data.shape[axis], device=data.device, dtype=bounds.dtype).expand(*bounds.shape[:-1], -1)
    number = torch.searchsorted(bounds.contiguous(), place.contiguous(), right=True) - 1
    number = torch.where(number < 0, bounds.shape[-1] - 1, number)
    return number.reshape(*number.shape, *[1] * (data.dim() - number.dim())).expand(data.shape)


@helper
def of_own_segment(value: torch.Tensor, segment: torch.Tensor, axis: int) -> torch.Tensor:
    """For each element the value of its segment; zero for an element that lies in none."""
    none = torch.zeros_like(value.sum(axis, keepdim=True))
    return torch.cat([value, none], axis).gather(axis, segment)


@helper
def sum_in_segment(value: torch.Tensor, segment: torch.Tensor, axis: int) -> torch.Tensor:
    """For each element the sum over its segment."""
    return value.new_zeros(_room(segment, axis)).scatter_add(axis, segment, value).gather(axis, segment)


@helper
def product_in_segment(value: torch.Tensor, segment: torch.Tensor, axis: int) -> torch.Tensor:
    """For each element the product over its segment."""
    return value.new_ones(_room(segment, axis)).scatter_reduce(axis, segment, value, "prod").gather(axis, segment)


def _room(segment: torch.Tensor, axis: int) -> list[int]:
    """The shape that has a place for every segment that an element lies in, and for those that lie in none."""
    last = int(segment.max()) if segment.numel() else 0
    return [last + 1 if dim == axis else length for dim, length in enumerate(segment.shape)]


@rule(NODE, edge=0, example=f"torch.segment_reduce(leaf(6, 2), 'sum', {LENGTHS}, initial=2)", when=lambda reduce: reduce == "sum")
def segment_reduce_data__sum(grad, segment, axis):
    return of_own_segment(grad, segment, axis)


@rule(NODE, edge=0, example=f"torch.segment_reduce(leaf(2, 6, 3), 'mean', {OFFSETS}, initial=1)", when=lambda reduce: reduce == "mean")
def segment_reduce_data__mean(grad, segment, axis):
    size = sum_in_segment(torch.ones_like(segment), segment, axis)
    return of_own_segment(grad, segment, axis) / size


@rule(
    NODE,
    edge=0,
    example=f"(torch.segment_reduce({HOLES}, 'prod', {LENGTHS}, initial=2), torch.segment_reduce(leaf(6), 'prod', {LENGTHS}))",
    when=lambda reduce: reduce == "prod",
)
def segment_reduce_data__product(grad, data, initial, segment, axis):
    zero = data == 0
    zeros_beside = sum_in_segment(zero.long(), segment, axis) - zero.long()
    rest = torch.where(zero, 1, data)
    others = torch.where(zeros_beside == 0, product_in_segment(rest, segment, axis) / rest, 0)
    return of_own_segment(grad, segment, axis) * weight_or_one(initial) * others


@rule(
    NODE,
    edge=0,
    example=f"({REDUCE}({TIED}, 'max', {LENGTHS}, initial=-9), {REDUCE}(leaf(2, 6, 3), 'min', {OFFSETS}, initial=9))",
)
def segment_reduce_data(grad, data, result, segment, axis):
    found = (data == of_own_segment(result, segment, axis)) | torch.isnan(data)
    return torch.where(found, of_own_segment(grad, segment, axis), 0) / sum_in_segment(found.long(), segment, axis).clamp(min=1)

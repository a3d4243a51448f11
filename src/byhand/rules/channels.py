"""Helpers for values laid out as (batch, channel, positions ...)."""

import torch

from byhand.rules.table import helper


@helper
def scaled(value: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    """The value times the weight; without a weight, the value itself."""
    return value if weight is None else value * weight


@helper
def per_channel(weight: torch.Tensor | None, dims: int) -> torch.Tensor | None:
    """Shapes one number for each channel so that it lines up with (batch, channel, positions ...)."""
    return None if weight is None else weight.reshape(1, -1, *[1] * (dims - 2))


@helper
def lined_up(grad: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The gradients of one number for each channel, lined up with this value: zero if there are none."""
    return grad.to(value).reshape(1, -1, *[1] * (value.dim() - 2))


@helper
def sum_per_channel(value: torch.Tensor) -> torch.Tensor:
    """Sums over the batch and every position: one number for each channel (dimension 1)."""
    return value.sum([0, *range(2, value.dim())])

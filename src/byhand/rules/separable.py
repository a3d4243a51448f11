"""Helpers for operations that treat each dimension of a picture by itself: one small matrix for each dimension."""

from collections.abc import Callable

import torch

from byhand.rules.table import helper


def response(size: int, grad: torch.Tensor, operation: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """What every output of a one-dimensional operation takes from every input: a matrix of inputs by outputs.

    The operation is run forward on one signal for each input, which is 1 there and 0 elsewhere.
    """
    signals = torch.eye(size, dtype=torch.promote_types(grad.dtype, torch.float32), device=grad.device)
    return operation(signals.reshape(1, size, 1, size)).reshape(size, -1).to(grad.dtype)


@helper
def spread_planes(grad: torch.Tensor, planes: torch.Tensor) -> torch.Tensor:
    """What each plane (third dimension from the end) gets: the gradients of the outputs it went into, times their share."""
    return torch.einsum("po,...ohw->...phw", planes, grad)

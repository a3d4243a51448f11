"""Derivatives of scatter_reduce and index_reduce: several values are reduced into one place by sum, mean, product or extreme."""

import torch

from byhand.rules.table import forward, helper, rule, shared


@helper
def unless_left_out(grad: torch.Tensor, dim: int, places: torch.Tensor, include_self: bool) -> torch.Tensor:
    """What the tensor that was written into receives: nothing at the places written to, if its own values did not take part."""
    return grad if include_self else grad.scatter(dim, places, 0)


@shared("ScatterReduceBackward0")
def places(index):
    """Where each source value went."""
    return index


@shared("IndexReduceBackward0")
def places__of_rows(index, dim, source):
    """Where each source value went: the index of its row, for every element."""
    lengths = [1] * source.dim()
    lengths[dim] = -1
    return index.reshape(lengths).expand_as(source)

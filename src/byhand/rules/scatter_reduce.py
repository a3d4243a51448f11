"""Derivatives of scatter_reduce and index_reduce: the values sent to one place become their sum, mean, product or extreme."""

import torch

from byhand.rules.table import forward, helper, rule, shared

SCATTERED = "leaf(3, 4).scatter_reduce(1, integers(4, 3, 5), leaf(3, 5), {!r})"
INDEXED = "leaf(3, 4).index_reduce(1, torch.tensor([0, 2, 2, 0, 3]), leaf(3, 5), {!r}, include_self=False)"


@helper
def where_included(grad: torch.Tensor, dim: int, places: torch.Tensor, include_self: bool) -> torch.Tensor:
    """The gradient for the tensor written into: zero at the places written to, if its own values did not take part."""
    return grad if include_self else grad.scatter(dim, places, 0)


@helper
def times_sent(like: torch.Tensor, dim: int, places: torch.Tensor, include_self: bool) -> torch.Tensor:
    """How many values were reduced into each place, at least 1."""
    own = torch.full_like(like, float(include_self))
    return own.scatter_add(dim, places, torch.ones_like(places, dtype=like.dtype)).clamp(min=1)


@helper
def share_of_ties(
    grad: torch.Tensor, own: torch.Tensor, sent: torch.Tensor, result: torch.Tensor, dim: int, places: torch.Tensor
) -> torch.Tensor:
    """The gradient of each place, divided evenly among the values that are its extreme."""
    winners = (sent == result.gather(dim, places)).to(grad.dtype)
    return grad / (own == result).to(grad.dtype).scatter_add(dim, places, winners)


@helper
def product_of_other_values(own: torch.Tensor, sent: torch.Tensor, dim: int, places: torch.Tensor, include_self: bool) -> torch.Tensor:
    """For each value sent, the product of all others at its place; zeros are counted and not divided by."""
    start = own if include_self else torch.ones_like(own)
    zeros = (start == 0).to(own.dtype).scatter_add(dim, places, (sent == 0).to(own.dtype)).gather(dim, places)
    nonzero = torch.where(sent == 0, 1, sent)
    product = torch.where(start == 0, 1, start).scatter_reduce(dim, places, nonzero, "prod").gather(dim, places)
    return torch.where(zeros > (sent == 0), 0, product / nonzero)


@shared("IndexReduceBackward0")
def places(index, dim, source):
    """Where each value of the source went, in the form that scatter takes."""
    along = index.reshape((-1,) + (1,) * (source.dim() - 1)).movedim(0, dim)
    return (along + torch.zeros_like(source, dtype=index.dtype)).reshape(source.shape)


@rule("ScatterReduceBackward0", edge=0, example=SCATTERED.format("sum"), when=lambda reduce: reduce == "sum")
def scatter_reduce_self__sum(grad, dim, index, include_self):
    return where_included(grad, dim, index, include_self)


@rule("ScatterReduceBackward0", edge=1, example=SCATTERED.format("sum"), when=lambda reduce: reduce == "sum")
def scatter_reduce_src__sum(grad, dim, index):
    return grad.gather(dim, index)


@rule("ScatterReduceBackward0", edge=0, example=SCATTERED.format("mean"), when=lambda reduce: reduce == "mean")
def scatter_reduce_self__mean(grad, dim, index, include_self):
    return where_included(grad / times_sent(grad, dim, index, include_self), dim, index, include_self)


@rule("ScatterReduceBackward0", edge=1, example=SCATTERED.format("mean"), when=lambda reduce: reduce == "mean")
def scatter_reduce_src__mean(grad, dim, index, include_self):
    return (grad / times_sent(grad, dim, index, include_self)).gather(dim, index)


@rule("ScatterReduceBackward0", edge=0, example=SCATTERED.format("prod"), when=lambda reduce: reduce == "prod")
def scatter_reduce_self__prod(grad, self, src, dim, index, include_self):
    product_sent = torch.ones_like(self).scatter_reduce(dim, index, src, "prod")
    return where_included(grad * product_sent, dim, index, include_self)


@rule("ScatterReduceBackward0", edge=1, example=SCATTERED.format("prod"), when=lambda reduce: reduce == "prod")
def scatter_reduce_src__prod(grad, self, src, dim, index, include_self):
    return grad.gather(dim, index) * product_of_other_values(self, src, dim, index, include_self)


@rule("ScatterReduceBackward0", edge=0, example=SCATTERED.format("amax"))
def scatter_reduce_self__extreme(grad, self, src, result, dim, index, include_self):
    won = (self == result) * share_of_ties(grad, self, src, result, dim, index)
    return where_included(won, dim, index, include_self)


@rule("ScatterReduceBackward0", edge=1, example=SCATTERED.format("amin"))
def scatter_reduce_src__extreme(grad, self, src, result, dim, index):
    return (src == result.gather(dim, index)) * share_of_ties(grad, self, src, result, dim, index).gather(dim, index)


@forward("ScatterReduceBackward0")
def scatter_reduce(self, src, dim, index, reduce, include_self):
    return self.scatter_reduce(dim, index, src, reduce, include_self=include_self)


@rule("IndexReduceBackward0", edge=0, example=INDEXED.format("mean"), when=lambda reduce: reduce == "mean")
def index_reduce_self__mean(grad, dim, places, include_self):
    return where_included(grad / times_sent(grad, dim, places, include_self), dim, places, include_self)


@rule("IndexReduceBackward0", edge=1, example=INDEXED.format("mean"), when=lambda reduce: reduce == "mean")
def index_reduce_source__mean(grad, dim, places, include_self):
    return (grad / times_sent(grad, dim, places, include_self)).gather(dim, places)


@rule("IndexReduceBackward0", edge=0, example=INDEXED.format("prod"), when=lambda reduce: reduce == "prod")
def index_reduce_self__prod(grad, self, source, dim, places, include_self):
    product_sent = torch.ones_like(self).scatter_reduce(dim, places, source, "prod")
    return where_included(grad * product_sent, dim, places, include_self)


@rule("IndexReduceBackward0", edge=1, example=INDEXED.format("prod"), when=lambda reduce: reduce == "prod")
def index_reduce_source__prod(grad, self, source, dim, places, include_self):
    return grad.gather(dim, places) * product_of_other_values(self, source, dim, places, include_self)


@rule("IndexReduceBackward0", edge=0, example=INDEXED.format("amax"))
def index_reduce_self__extreme(grad, self, source, result, dim, places, include_self):
    won = (self == result) * share_of_ties(grad, self, source, result, dim, places)
    return where_included(won, dim, places, include_self)


@rule("IndexReduceBackward0", edge=1, example=INDEXED.format("amin"))
def index_reduce_source__extreme(grad, self, source, result, dim, places):
    return (source == result.gather(dim, places)) * share_of_ties(grad, self, source, result, dim, places).gather(dim, places)


@forward("IndexReduceBackward0")
def index_reduce(self, source, dim, index, reduce, include_self):
    return self.index_reduce(dim, index, source, reduce, include_self=include_self)

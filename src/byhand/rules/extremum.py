"""Derivatives of reductions that pick elements: maximum, minimum, median, mode, sorting. Only what was picked has a gradient."""

import torch

from byhand.rules.helpers import restore_dims
from byhand.rules.table import forward, rule


@rule("MaxBackward0", edge=0, example="leaf(3, 4).max(-1).values")
@rule("MinBackward0", edge=0, example="leaf(3, 4).min(-1).values")
@rule("MedianBackward1", edge=0, example="leaf(3, 4).median(-1).values")
@rule("NanmedianBackward1", edge=0, example="leaf(3, 4).nanmedian(-1).values")
@rule("ModeBackward0", edge=0, example="leaf(3, 4).mode(-1).values")
@rule("KthvalueBackward0", edge=0, example="leaf(3, 4).kthvalue(2, -1).values")
def max_self__dim(grad, shape, dim, indices, keepdim):
    position = restore_dims(indices, shape, dim, keepdim)
    return grad.new_zeros(shape).scatter(dim, position, restore_dims(grad, shape, dim, keepdim))


@rule("TopkBackward0", edge=0, example="leaf(3, 4).topk(2, -1).values")
@rule("SortBackward0", edge=0, example="torch.sort(x, -1).values")
@rule("SortBackward1", edge=0, example="torch.sort(x, stable=True, dim=-1).values")
def topk_self(grad, shape, dim, indices):
    return grad.new_zeros(shape).scatter(dim, indices, grad)


@rule("MaxBackward1", edge=0, example="x.max()")
@rule("MinBackward1", edge=0, example="x.min()")
@rule("MedianBackward0", edge=0, example="x.median()")
@rule("NanmedianBackward0", edge=0, example="x.nanmedian()")
def max_self(grad, self, result):
    picked = (self == result) | (torch.isnan(self) & torch.isnan(result))
    return torch.where(picked, grad / torch.sum(picked), 0)


@rule("AmaxBackward0", edge=0, example="x.amax(-1)")
@rule("AminBackward0", edge=0, example="x.amin(-1)")
def amax_self(grad, self, result, shape, dim, keepdim):
    picked = self == restore_dims(result, shape, dim, keepdim)
    return restore_dims(grad, shape, dim, keepdim) * picked / torch.sum(picked, dim, keepdim=True)


@rule("AminmaxBackward0", edge=0, example="torch.aminmax(leaf(3, 4), dim=-1)")
def aminmax_self(grads, self, min, max, shape, dim, keepdim):
    lowest = self == restore_dims(min, shape, dim, keepdim)
    highest = self == restore_dims(max, shape, dim, keepdim)
    from_min = restore_dims(grads[0], shape, dim, keepdim) * lowest / torch.sum(lowest, dim, keepdim=True)
    from_max = restore_dims(grads[1], shape, dim, keepdim) * highest / torch.sum(highest, dim, keepdim=True)
    return from_min + from_max


@rule("CummaxBackward0", edge=0, example="x.cummax(-1).values")
@rule("CumminBackward0", edge=0, example="x.cummin(-1).values")
def cummax_self(grad, shape, dim, indices):
    return grad.new_zeros(shape).scatter_add(dim, indices, grad)


@forward("MaxBackward0")
def max__dim(self, dim, keepdim):
    return torch.amax(self, dim, keepdim=keepdim)


@forward("MinBackward0")
def min__dim(self, dim, keepdim):
    return torch.amin(self, dim, keepdim=keepdim)


@forward("TopkBackward0", "SortBackward0", "SortBackward1")
def topk(self, dim, indices):
    return torch.gather(self, dim, indices)


@forward("MaxBackward1")
def max(self):
    return torch.max(self)


@forward("MinBackward1")
def min(self):
    return torch.min(self)


@forward("MedianBackward0")
def median(self):
    return torch.median(self)


@forward("NanmedianBackward0")
def nanmedian(self):
    return torch.nanmedian(self)


@forward("AmaxBackward0")
def amax(self, dim, keepdim):
    return torch.amax(self, dim, keepdim=keepdim)


@forward("AminBackward0")
def amin(self, dim, keepdim):
    return torch.amin(self, dim, keepdim=keepdim)

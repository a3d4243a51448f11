"""Derivatives of sums, means, variances and products: one upstream gradient goes back to every element it came from."""

import torch

from byhand.rules.helpers import conj, count, degrees_of_freedom, product_of_others, restore_dims
from byhand.rules.table import forward, rule, shared


@rule("SumBackward0", edge=0, example="x.sum()")
def sum_self(grad, shape):
    return grad.expand(shape)


@rule("SumBackward1", edge=0, example="x.sum(-1)")
def sum_self__dim(grad, shape, dim, keepdim):
    return restore_dims(grad, shape, dim, keepdim).expand(shape)


@rule("MeanBackward0", edge=0, example="x.mean()")
def mean_self(grad, shape, self_sym_numel):
    return grad.expand(shape) / self_sym_numel


@rule("MeanBackward1", edge=0, example="x.mean(-1)")
def mean_self__dim(grad, shape, dim, keepdim):
    return restore_dims(grad, shape, dim, keepdim).expand(shape) / count(shape, dim)


@rule("NansumBackward0", edge=0, example="torch.nansum(x)")
def nansum_self(grad, self, shape, dim, keepdim):
    return torch.where(torch.isnan(self), 0, restore_dims(grad, shape, dim, keepdim))


@shared("VarBackward0", "VarMeanBackward0", "StdBackward0", "StdMeanBackward0")
def deviation(self, dim):
    return self - torch.mean(self, dim, keepdim=True)


@shared("VarBackward0", "VarMeanBackward0", "StdBackward0", "StdMeanBackward0")
def freedom(self, dim, correction):
    return degrees_of_freedom(self.shape, dim, correction)


@rule("VarBackward0", edge=0, example="leaf(3, 4).var(-1)")
def var_self(grad, shape, dim, keepdim, deviation, freedom):
    return restore_dims(grad, shape, dim, keepdim) * 2 * deviation / freedom


@rule("StdBackward0", edge=0, example="torch.std(leaf(3, 4), -1)")
def std_self(grad, shape, dim, keepdim, result, deviation, freedom):
    length = restore_dims(result, shape, dim, keepdim)
    slope = torch.where(length == 0, 0, deviation / (length * freedom))
    return restore_dims(grad, shape, dim, keepdim) * slope


@rule("VarMeanBackward0", edge=0, example="torch.var_mean(leaf(3, 4), -1)")
def var_mean_self(grads, shape, dim, keepdim, deviation, freedom):
    from_var = restore_dims(grads[0], shape, dim, keepdim) * 2 * deviation / freedom
    from_mean = restore_dims(grads[1], shape, dim, keepdim) / count(shape, dim)
    return from_var + from_mean


@rule("StdMeanBackward0", edge=0, example="torch.std_mean(leaf(3, 4), -1)")
def std_mean_self(grads, shape, dim, keepdim, result0, deviation, freedom):
    length = restore_dims(result0, shape, dim, keepdim)
    slope = torch.where(length == 0, 0, deviation / (length * freedom))
    from_std = restore_dims(grads[0], shape, dim, keepdim) * slope
    from_mean = restore_dims(grads[1], shape, dim, keepdim) / count(shape, dim)
    return from_std + from_mean


@rule("ProdBackward0", edge=0, example="x.prod()")
def prod_self(grad, self):
    return grad * conj(product_of_others(self, None))


@rule("ProdBackward1", edge=0, example="leaf(3, 4).prod(-1)")
def prod_self__dim(grad, self, shape, dim, keepdim):
    return restore_dims(grad, shape, dim, keepdim) * conj(product_of_others(self, dim))


@forward("SumBackward0")
def sum(self):
    return torch.sum(self)


@forward("SumBackward1")
def sum__dim(self, dim, keepdim):
    return torch.sum(self, dim, keepdim=keepdim)


@forward("MeanBackward0")
def mean(self):
    return torch.mean(self)


@forward("MeanBackward1")
def mean__dim(self, dim, keepdim):
    return torch.mean(self, dim, keepdim=keepdim)


@forward("NansumBackward0")
def nansum(self, dim, keepdim):
    return torch.nansum(self, dim, keepdim=keepdim)


@forward("VarBackward0")
def var(self, dim, correction, keepdim):
    return torch.var(self, dim, correction=correction, keepdim=keepdim)


@forward("StdBackward0")
def std(self, dim, correction, keepdim):
    return torch.std(self, dim, correction=correction, keepdim=keepdim)


@forward("VarMeanBackward0")
def var_mean(self, dim, correction, keepdim):
    return torch.var_mean(self, dim, correction=correction, keepdim=keepdim)


@forward("StdMeanBackward0")
def std_mean(self, dim, correction, keepdim):
    return torch.std_mean(self, dim, correction=correction, keepdim=keepdim)


@forward("ProdBackward0")
def prod(self):
    return torch.prod(self)


@forward("ProdBackward1")
def prod__dim(self, dim, keepdim):
    return torch.prod(self, dim, keepdim=keepdim)

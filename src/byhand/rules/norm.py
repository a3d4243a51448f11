"""Derivatives of vector norms, one case for each order, and of distances; at the zero vector the gradient is zero, as in PyTorch."""

import math

import torch

from byhand.rules.helpers import conj, norm_slope, other_dims, restore_dims
from byhand.rules.table import forward, rule, shared


@shared("NormBackward0", "NormBackward2")
def dim():
    return None


@shared("NormBackward0", "NormBackward2")
def keepdim():
    return False


@shared("LinalgVectorNormBackward0")
def p(ord):
    return ord


@shared("NormBackward0", "NormBackward1", "NormBackward2", "NormBackward3", "LinalgVectorNormBackward0")
def upstream(grad, self, dim, keepdim):
    return restore_dims(grad, self.shape, dim, keepdim)


@shared("NormBackward0", "NormBackward1", "NormBackward2", "NormBackward3", "LinalgVectorNormBackward0")
def length(result, self, dim, keepdim):
    return restore_dims(result, self.shape, dim, keepdim)


@rule("NormBackward0", edge=0, example="torch.ops.aten.norm.Scalar(x, 2)", when=lambda p: p == 2)
@rule("NormBackward1", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim(x, None, [-1])", when=lambda p: p is None or p == 2)
@rule("NormBackward2", edge=0, example="torch.ops.aten.norm.ScalarOpt_dtype(x, 2, dtype=torch.float64)", when=lambda p: p is None or p == 2)
@rule(
    "NormBackward3",
    edge=0,
    example="torch.ops.aten.norm.ScalarOpt_dim_dtype(x, 2, [-1], True, dtype=torch.float64)",
    when=lambda p: p is None or p == 2,
)
@rule("LinalgVectorNormBackward0", edge=0, example="torch.linalg.vector_norm(x, 2)", when=lambda ord: ord == 2)
def norm_self(upstream, self, length):
    return upstream * torch.where(length == 0, 0, self / length)


@rule("NormBackward0", edge=0, example="torch.ops.aten.norm.Scalar(x, 1)", when=lambda p: p == 1)
@rule("NormBackward1", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim(x, 1, [-1])", when=lambda p: p == 1)
@rule("NormBackward2", edge=0, example="torch.ops.aten.norm.ScalarOpt_dtype(x, 1, dtype=torch.float64)", when=lambda p: p == 1)
@rule(
    "NormBackward3", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim_dtype(x, 1, [-1], True, dtype=torch.float64)", when=lambda p: p == 1
)
@rule("LinalgVectorNormBackward0", edge=0, example="torch.linalg.vector_norm(x, 1)", when=lambda ord: ord == 1)
def norm_self__absolute(upstream, self):
    return upstream * torch.sgn(self)


@rule("NormBackward0", edge=0, example="torch.ops.aten.norm.Scalar(x, 0)", when=lambda p: p == 0)
@rule("NormBackward1", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim(x, 0, [-1])", when=lambda p: p == 0)
@rule("NormBackward2", edge=0, example="torch.ops.aten.norm.ScalarOpt_dtype(x, 0, dtype=torch.float64)", when=lambda p: p == 0)
@rule(
    "NormBackward3", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim_dtype(x, 0, [-1], True, dtype=torch.float64)", when=lambda p: p == 0
)
@rule("LinalgVectorNormBackward0", edge=0, example="torch.linalg.vector_norm(x, 0)", when=lambda ord: ord == 0)
def norm_self__nonzeros(self):
    return torch.zeros_like(self)


@rule("NormBackward0", edge=0, example="torch.ops.aten.norm.Scalar(x, math.inf)", when=lambda p: math.isinf(p))
@rule("NormBackward1", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim(x, math.inf, [-1])", when=lambda p: math.isinf(p))
@rule(
    "NormBackward2", edge=0, example="torch.ops.aten.norm.ScalarOpt_dtype(x, math.inf, dtype=torch.float64)", when=lambda p: math.isinf(p)
)
@rule(
    "NormBackward3",
    edge=0,
    example="torch.ops.aten.norm.ScalarOpt_dim_dtype(x, math.inf, [-1], True, dtype=torch.float64)",
    when=lambda p: math.isinf(p),
)
@rule("LinalgVectorNormBackward0", edge=0, example="torch.linalg.vector_norm(x, math.inf)", when=lambda ord: math.isinf(ord))
def norm_self__largest(upstream, self, length, dim):
    largest = (torch.abs(self) == length) | (torch.isnan(self) & torch.isnan(length))
    return upstream * torch.sgn(self) * largest / torch.sum(largest, dim, keepdim=True)


@rule("NormBackward0", edge=0, example="torch.ops.aten.norm.Scalar(x, 3)")
@rule("NormBackward1", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim(x, 3, [-1])")
@rule("NormBackward2", edge=0, example="torch.ops.aten.norm.ScalarOpt_dtype(x, 3, dtype=torch.float64)")
@rule("NormBackward3", edge=0, example="torch.ops.aten.norm.ScalarOpt_dim_dtype(x, 3, [-1], True, dtype=torch.float64)")
@rule("LinalgVectorNormBackward0", edge=0, example="torch.linalg.vector_norm(x, 1.5)")
def norm_self__any(upstream, self, length, p):
    share = (torch.abs(self) / length) ** (p - 1)
    return upstream * torch.where(self == 0, 0, torch.sgn(self) * share)


@rule("DistBackward0", edge=0, example="torch.dist(x, y, 3)")
def dist_self(grad, self, other, p, result):
    return grad * norm_slope(self - other, result, p, None)


@rule("DistBackward0", edge=1, example="torch.dist(x, y, 2)")
def dist_other(grad, self, other, p, result):
    return -grad * norm_slope(self - other, result, p, None)


@rule("RenormBackward0", edge=0, example="torch.renorm(leaf(3, 4), 3, 0, 1.2)")
def renorm_self(grad, self, p, dim, maxnorm):
    dims = other_dims(self, dim)
    length = torch.linalg.vector_norm(self, p, dims, keepdim=True)
    scale = maxnorm / (length + 1e-7)
    along = torch.sum((grad * conj(self)).real, dims, keepdim=True) * norm_slope(self, length, p, dims)
    return torch.where(length > maxnorm, scale * (grad - along / (length + 1e-7)), grad)


@forward("NormBackward0", "NormBackward2")
def norm(self, p):
    return torch.norm(self, p)


@forward("NormBackward1", "NormBackward3")
def norm__dim(self, p, dim, keepdim):
    return torch.norm(self, p, dim, keepdim=keepdim)


@forward("LinalgVectorNormBackward0")
def linalg_vector_norm(self, ord, dim, keepdim):
    return torch.linalg.vector_norm(self, ord, dim, keepdim=keepdim)


@forward("DistBackward0")
def dist(self, other, p):
    return torch.linalg.vector_norm(self - other, p)


@forward("RenormBackward0")
def renorm(self, p, dim, maxnorm):
    return torch.renorm(self, p, dim, maxnorm)

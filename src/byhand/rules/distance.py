"""Derivatives of distances and of clipping to a largest norm."""

import torch

from byhand.rules.helpers import norm_slope
from byhand.rules.table import forward, rule


@rule("DistBackward0", edge=0, example="torch.dist(x, y, 3)")
def dist_self(grad, self, other, p, result):
    return grad * norm_slope(self - other, result, p)


@rule("DistBackward0", edge=1, example="torch.dist(x, y, 2)")
def dist_other(grad, self, other, p, result):
    return -grad * norm_slope(self - other, result, p)


@forward("DistBackward0")
def dist(self, other, p):
    return torch.linalg.vector_norm(self - other, p)

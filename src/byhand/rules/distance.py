"""Derivatives of the distances between rows, and of trilinear products."""

import math

import torch

from byhand.rules.helpers import conj
from byhand.rules.table import forward, helper, rule


@helper
def distance_slope(difference: torch.Tensor, distance: torch.Tensor, p: float) -> torch.Tensor:
    """The derivative of the p-norm of a difference by that difference; 0 where the distance is 0."""
    if p == 0:
        return torch.zeros_like(difference)
    if p == 1:
        return difference.sign()
    if math.isinf(p):
        return difference.sign() * (difference.abs() == distance)
    here = (distance == 0) | (difference == 0)
    return torch.where(here, 0, difference.sign() * (difference.abs() / torch.where(distance == 0, 1, distance)) ** (p - 1))


@helper
def insert_dims(value: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    """The value with a dimension of length 1 at each of these places."""
    for dim in sorted(dims):
        value = value.unsqueeze(dim)
    return value


@rule("CdistBackward0", edge=0, example="torch.cdist(leaf(2, 3, 4), leaf(5, 4), p=3)")
def cdist_x1(grad, x1, x2, p, result):
    difference = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    return (grad.unsqueeze(-1) * distance_slope(difference, result.unsqueeze(-1), p)).sum(-2)


@rule("CdistBackward0", edge=1, example="torch.cdist(leaf(2, 3, 4), leaf(5, 4), p=3)")
def cdist_x2(grad, x1, x2, p, result):
    difference = x2.unsqueeze(-3) - x1.unsqueeze(-2)
    return (grad.unsqueeze(-1) * distance_slope(difference, result.unsqueeze(-1), p)).sum(-3)


@forward("CdistBackward0")
def cdist(x1, x2, p):
    return torch.cdist(x1, x2, p)


@rule("EuclideanDistBackward0", edge=0, example="torch.cdist(leaf(26, 3), leaf(27, 3))")
def euclidean_dist_x1(grad, x1, x2, result):
    weight = torch.where(result == 0, 0, grad / result)
    return x1 * weight.sum(-1, keepdim=True) - weight @ x2


@rule("EuclideanDistBackward0", edge=1, example="torch.cdist(leaf(26, 3), leaf(27, 3))")
def euclidean_dist_x2(grad, x1, x2, result):
    weight = torch.where(result == 0, 0, grad / result).mT
    return x2 * weight.sum(-1, keepdim=True) - weight @ x1


@forward("EuclideanDistBackward0")
def euclidean_dist(x1, x2):
    return torch.cdist(x1, x2)


@rule("PdistBackward0", edge=0, example="torch.pdist(leaf(4, 3), p=1.5)")
def pdist_self(grad, self, p, result):
    pairs = torch.triu_indices(self.shape[0], self.shape[0], 1, device=self.device)
    slope = distance_slope(self[pairs[0]] - self[pairs[1]], result.unsqueeze(-1), p)
    sent = grad.unsqueeze(-1) * slope
    return torch.zeros_like(self).index_add(0, pairs[0], sent).index_add(0, pairs[1], -sent)


@forward("PdistBackward0")
def pdist(self, p):
    return torch.pdist(self, p)


@rule("TrilinearBackward0", edge=0, example="F.bilinear(leaf(5, 3), leaf(5, 4), leaf(2, 3, 4))")
def trilinear_i1(grad, i2, i3, expand1, expand2, expand3, sumdim):
    product = insert_dims(grad, sumdim) * insert_dims(conj(i2), expand2) * insert_dims(conj(i3), expand3)
    return product.sum(expand1)


@rule("TrilinearBackward0", edge=1, example="F.bilinear(leaf(5, 3), leaf(5, 4), leaf(2, 3, 4))")
def trilinear_i2(grad, i1, i3, expand1, expand2, expand3, sumdim):
    product = insert_dims(grad, sumdim) * insert_dims(conj(i1), expand1) * insert_dims(conj(i3), expand3)
    return product.sum(expand2)


@rule("TrilinearBackward0", edge=2, example="F.bilinear(leaf(5, 3), leaf(5, 4), leaf(2, 3, 4))")
def trilinear_i3(grad, i1, i2, expand1, expand2, expand3, sumdim):
    product = insert_dims(grad, sumdim) * insert_dims(conj(i1), expand1) * insert_dims(conj(i2), expand2)
    return product.sum(expand3)


@forward("TrilinearBackward0")
def trilinear(i1, i2, i3, expand1, expand2, expand3, sumdim):
    product = insert_dims(i1, expand1) * insert_dims(i2, expand2) * insert_dims(i3, expand3)
    return product.sum(sumdim)

"""Derivatives of running sums and products: an element counts in every total from its own place on."""

import torch

from byhand.rules.helpers import conj, log_sum_from, sum_from
from byhand.rules.table import forward, rule


@rule("CumsumBackward0", edge=0, example="x.cumsum(-1)")
def cumsum_self(grad, dim):
    return sum_from(grad, dim)


@rule("CumprodBackward0", edge=0, example="leaf().cumprod(0)", when=lambda self: self.numel() <= 1)
def cumprod_self__single(grad):
    return grad


@rule("CumprodBackward0", edge=0, example="leaf(3, 4).cumprod(-1)", when=lambda self: bool((self != 0).all()))
def cumprod_self(grad, self, dim, result):
    return sum_from(grad * conj(result), dim) / conj(self)


@rule("CumprodBackward0", edge=0, example="(leaf(3, 4) * torch.tensor([1, 0, 1, 1])).cumprod(-1)")
def cumprod_self__zeros(grad, self, dim):
    diagonal = torch.eye(self.shape[dim], dtype=torch.bool, device=grad.device)
    others = torch.where(diagonal, 1, self.movedim(dim, -1).unsqueeze(-2))
    slopes = torch.triu(torch.cumprod(others, -1))
    return torch.sum(grad.movedim(dim, -1).unsqueeze(-2) * conj(slopes), -1).movedim(-1, dim)


@rule("LogcumsumexpBackward0", edge=0, example="x.logcumsumexp(-1)", when=lambda self: not self.is_complex())
def logcumsumexp_self(grad, self, result, dim):
    upward = log_sum_from(torch.log(torch.clamp(grad, min=0)) - result, dim)
    downward = log_sum_from(torch.log(torch.clamp(-grad, min=0)) - result, dim)
    return torch.exp(self + upward) - torch.exp(self + downward)


@rule("LogcumsumexpBackward0", edge=0, example="torch.complex(leaf(3, 4), leaf(3, 4)).logcumsumexp(-1)")
def logcumsumexp_self__complex(grad, self, result, dim):
    return torch.exp(conj(self) + log_sum_from(torch.log(grad) - conj(result), dim))


@forward("CumsumBackward0")
def cumsum(self, dim):
    return torch.cumsum(self, dim)


@forward("CumprodBackward0")
def cumprod(self, dim):
    return torch.cumprod(self, dim)


@forward("LogcumsumexpBackward0")
def logcumsumexp(self, dim):
    return torch.logcumsumexp(self, dim)

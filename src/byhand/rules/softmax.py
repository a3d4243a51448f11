"""Derivatives of softmax, log-softmax and log-sum-exp: the probabilities carry the gradient."""

import torch

from byhand.rules.helpers import conj, restore_dims
from byhand.rules.table import forward, rule


@rule("SoftmaxBackward0", edge=0, example="torch.softmax(x, -1)")
@rule("SafeSoftmaxBackward0", edge=0, example="torch.ops.aten._safe_softmax(x, -1)")
def softmax_self(grad, result, dim):
    average = torch.sum(grad * result, dim, keepdim=True)
    return result * (grad - average)


@rule(
    "MaskedSoftmaxBackward0",
    edge=0,
    example="torch._masked_softmax(leaf(3, 4), mask(3, 4), 0)",
    when=lambda dim: dim is not None,
)
def masked_softmax_self(grad, result, mask, dim):
    average = torch.sum(torch.where(mask, 0, grad * result), dim, keepdim=True)
    return torch.where(mask, 0, result * (grad - average))


@rule("MaskedSoftmaxBackward0", edge=0, example="torch._masked_softmax(leaf(3, 4), mask(3, 4))")
def masked_softmax_self__last(grad, result, mask):
    average = torch.sum(torch.where(mask, 0, grad * result), -1, keepdim=True)
    return torch.where(mask, 0, result * (grad - average))


@rule("LogSoftmaxBackward0", edge=0, example="torch.log_softmax(x, -1)")
def log_softmax_self(grad, result, dim):
    probability = torch.exp(result)
    return grad - probability * torch.sum(grad, dim, keepdim=True)


@rule("LogsumexpBackward0", edge=0, example="torch.logsumexp(x, -1)")
def logsumexp_self(grad, self, result, dim, keepdim, shape):
    probability = torch.exp(self - restore_dims(result, shape, dim, keepdim))
    return restore_dims(grad, shape, dim, keepdim) * conj(probability)


@forward("SoftmaxBackward0", "SafeSoftmaxBackward0")
def softmax(self, dim):
    return torch.softmax(self, dim)


@forward("LogSoftmaxBackward0")
def log_softmax(self, dim):
    return torch.log_softmax(self, dim)


@forward("LogsumexpBackward0")
def logsumexp(self, dim, keepdim):
    return torch.logsumexp(self, dim, keepdim=keepdim)

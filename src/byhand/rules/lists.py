"""Derivatives of the operations on whole lists of tensors (`torch._foreach_...`): each tensor of a list by itself."""

import math

import torch

from byhand.rules.helpers import conj, log, norm_slope
from byhand.rules.table import EACH, rule, shared

MM = "torch._foreach_mm([leaf(2, 3), leaf(4, 3)], [leaf(3, 2), leaf(3, 1)])"
DIV = "torch._foreach_div([x, leaf(2)], [y, leaf(2)])"
POW = "torch._foreach_pow([positive(*x.shape), positive(2)], [x, leaf(2)])"


@shared("ForeachMmBackward0", "ForeachDivBackward0", "ForeachPowBackward0")
def size(grads):
    """How many tensors each list has: the edges of the first list come before those of the second."""
    return len(grads)


@rule("ForeachMmBackward0", edge=EACH, example=MM, when=lambda index, size: index < size)
def foreach_mm_self(grads, mat2, index):
    return grads[index] @ mat2[index].mH


@rule("ForeachMmBackward0", edge=EACH, example=MM)
def foreach_mm_mat2(grads, self, index, size):
    return self[index - size].mH @ grads[index - size]


@rule("ForeachDivBackward0", edge=EACH, example=DIV, when=lambda index, size: index < size)
def foreach_div_self(grads, other, index):
    return grads[index] / conj(other[index])


@rule("ForeachDivBackward0", edge=EACH, example=DIV)
def foreach_div_other(grads, self, other, index, size):
    divisor = other[index - size]
    return -grads[index - size] * conj(self[index - size] / divisor / divisor)


@rule("ForeachPowBackward0", edge=EACH, example=POW, when=lambda index, size: index < size)
def foreach_pow_self(grads, self, exponent, index):
    power = exponent[index]
    return torch.where(power == 0, 0, grads[index] * conj(power * self[index] ** (power - 1)))


@rule("ForeachPowBackward0", edge=EACH, example=POW)
def foreach_pow_exponent(grads, self, exponent, result, index, size):
    constant = (self[index - size] == 0) & (exponent[index - size].real >= 0)
    return torch.where(constant, 0, grads[index - size] * conj(result[index - size] * torch.log(self[index - size])))


@rule(
    "ForeachPowBackward1", edge=EACH, example="torch._foreach_pow([x, leaf(2)], [0, 0])", when=lambda exponent, index: exponent[index] == 0
)
def foreach_pow_self__constant(grads, index):
    return torch.zeros_like(grads[index])


@rule("ForeachPowBackward1", edge=EACH, example="torch._foreach_pow([x, leaf(2)], [2.0, 3.0])")
def foreach_pow_self__number(grads, self, exponent, index):
    power = exponent[index]
    return grads[index] * conj(power * self[index] ** (power - 1))


@rule(
    "ForeachPowBackward2",
    edge=EACH,
    example="torch._foreach_pow(0.0, [positive(*x.shape), positive(2)])",
    when=lambda self, exponent: self == 0 and not exponent[0].is_complex(),
)
def foreach_pow_exponent__zero(grads, exponent, result, index):
    return torch.where(exponent[index] >= 0, 0, grads[index] * result[index] * -math.inf)


@rule("ForeachPowBackward2", edge=EACH, example="torch._foreach_pow(2.0, [x, leaf(2)])")
def foreach_pow_exponent__number(grads, self, result, index):
    return grads[index] * conj(result[index] * log(self))


@rule("ForeachMaximumBackward0", edge=EACH, example="torch._foreach_maximum([x, leaf(2)], 0.1)")
def foreach_maximum_self(grads, self, scalar, index):
    return torch.where(self[index] == scalar, grads[index] / 2, torch.where(self[index] < scalar, 0, grads[index]))


@rule("ForeachMaximumBackward1", edge=EACH, example="torch._foreach_maximum([x, leaf(2)], [0.1, -0.2])")
def foreach_maximum_self__each(grads, self, scalars, index):
    return torch.where(self[index] == scalars[index], grads[index] / 2, torch.where(self[index] < scalars[index], 0, grads[index]))


@rule("ForeachMinimumBackward0", edge=EACH, example="torch._foreach_minimum([x, leaf(2)], 0.1)")
def foreach_minimum_self(grads, self, scalar, index):
    return torch.where(self[index] == scalar, grads[index] / 2, torch.where(self[index] > scalar, 0, grads[index]))


@rule("ForeachMinimumBackward1", edge=EACH, example="torch._foreach_minimum([x, leaf(2)], [0.1, -0.2])")
def foreach_minimum_self__each(grads, self, scalars, index):
    return torch.where(self[index] == scalars[index], grads[index] / 2, torch.where(self[index] > scalars[index], 0, grads[index]))


@rule("ForeachNormBackward0", edge=EACH, example="torch._foreach_norm([x, leaf(2)], 2)")
def foreach_norm_self(grads, self, result, ord, index):
    return grads[index] * norm_slope(self[index], result[index], ord, None)

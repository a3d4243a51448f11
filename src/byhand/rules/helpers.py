"""The named helpers that rules share: what a formula shows as one word."""

import cmath
import math
from typing import Any

import torch

from byhand.rules.table import helper


@helper
def conj(value: Any) -> Any:
    """The complex conjugate; a real value is itself."""
    return value.conj() if isinstance(value, torch.Tensor) else value.conjugate() if isinstance(value, complex) else value


@helper
def log(value: Any) -> Any:
    """The natural logarithm of a number; NaN below zero, as PyTorch has it."""
    if isinstance(value, complex):
        return cmath.log(value)
    return math.log(value) if value > 0 else -math.inf if value == 0 else math.nan


def reduced_dims(shape: tuple[int, ...], dim: Any) -> list[int]:
    """The dimensions a reduction goes over, counted from the front; all of them if `dim` is None or empty."""
    every = range(len(shape)) if dim is None or dim == () else dim if isinstance(dim, tuple) else (dim,)
    return sorted(number % len(shape) for number in every) if shape else []


@helper
def restore_dims(value: torch.Tensor, shape: tuple[int, ...], dim: Any, keepdim: bool) -> torch.Tensor:
    """Puts the reduced dimensions back with length 1, so that the value lines up with the tensor that was reduced."""
    if keepdim:
        return value
    for each in reduced_dims(shape, dim):
        value = value.unsqueeze(each)
    return value


@helper
def count(shape: tuple[int, ...], dim: Any) -> int:
    """How many elements were reduced into one."""
    return math.prod(shape[each] for each in reduced_dims(shape, dim))


@helper
def degrees_of_freedom(shape: tuple[int, ...], dim: Any, correction: float | None) -> float:
    """How many elements were reduced into one, less the correction, which is 1 unless it was given."""
    left = count(shape, dim) - (1 if correction is None else correction)
    return max(left, 0) if dim is None or not shape else left


@helper
def per_element(grad: torch.Tensor, reduction: int, number: int) -> torch.Tensor:
    """The upstream gradient of each element: shared out evenly if the loss is a mean, whole otherwise."""
    return grad / number if reduction == 1 else grad


@helper
def product_of_others(value: torch.Tensor, dim: int | None) -> torch.Tensor:
    """For each element the product of all the others: those before it times those after it, so that a zero does no harm."""
    if dim is None or not value.dim():
        return product_of_others(value.reshape(-1), 0).reshape(value.shape)
    one = torch.ones_like(value.narrow(dim, 0, 1)) if value.shape[dim] else value
    before = torch.cat([one, value], dim).cumprod(dim).narrow(dim, 0, value.shape[dim])
    after = torch.cat([value, one], dim).flip(dim).cumprod(dim).flip(dim).narrow(dim, 1, value.shape[dim]) if value.shape[dim] else value
    return before * after


@helper
def sum_from(value: torch.Tensor, dim: int) -> torch.Tensor:
    """For each element the sum of it and all that follow it along the dimension."""
    return value.flip(dim).cumsum(dim).flip(dim) if value.dim() else value


@helper
def weight_or_one(weight: torch.Tensor | None) -> Any:
    """The weight; 1 if none was given."""
    return 1 if weight is None else weight


@helper
def class_weight(weight: torch.Tensor | None, index: torch.Tensor) -> Any:
    """The weight of each example's class; 1 if no weights were given."""
    return 1 if weight is None else weight[index]


@helper
def at_class(value: torch.Tensor, index: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Each example's value at its class, zero at all the other classes."""
    dim = min(len(shape) - 1, 1)
    return value.new_zeros(shape).scatter(dim, index.unsqueeze(dim), value.unsqueeze(dim))


@helper
def rows(value: torch.Tensor) -> torch.Tensor:
    """The tensor as a table with one example per row, even if there is one example only."""
    return value.reshape(-1, value.shape[-1]) if value.dim() else value.reshape(1, 1)


@helper
def reduced(value: torch.Tensor, reduction: int) -> torch.Tensor:
    """The elements' losses as the loss has them: their mean, their sum, or each by itself."""
    return value.mean() if reduction == 1 else value.sum() if reduction == 2 else value


@helper
def of_class(value: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    """The element of each example's class."""
    dim = min(value.dim() - 1, 1)
    return value.gather(dim, index.unsqueeze(dim)).squeeze(dim)


@helper
def log_sum_from(value: torch.Tensor, dim: int) -> torch.Tensor:
    """For each element the logarithm of the sum of the exponentials of it and all that follow it along the dimension."""
    return value.flip(dim).logcumsumexp(dim).flip(dim) if value.dim() else value


@helper
def norm_slope(value: torch.Tensor, length: torch.Tensor, p: float, dim: Any) -> torch.Tensor:
    """How the p-norm, which is `length`, grows with each element: for p = 2 the element over the length; zero at the zero vector."""
    if p == 0:
        return torch.zeros_like(value)
    if math.isinf(p):
        largest = value.abs() == length
        return value.sgn() * largest / largest.sum(dim, keepdim=True)
    return torch.where(value == 0, 0, value.sgn() * (value.abs() / length) ** (p - 1))


@helper
def other_dims(value: torch.Tensor, dim: int) -> tuple[int, ...]:
    """All dimensions of the tensor but this one."""
    return tuple(each for each in range(value.dim()) if each != dim % value.dim())


@helper
def in_shape_of(grad: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """The gradient in the shape of this value: zeros if there is none."""
    return grad.to(value).expand_as(value)

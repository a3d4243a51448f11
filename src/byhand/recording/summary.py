"""A tensor at this moment, as plain data."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from byhand.value import WHOLE, Missing, Shown, Value

_WORKED = (torch.float32, torch.float64)


def summarize(tensor: torch.Tensor) -> Value:
    """The tensor's value: every element up to 64, else range, mean, norm, zeros and non-finite count.

    Tensors without values (on the meta device, fake ones) have their shape and dtype alone.
    """
    shape, dtype = lengths(tensor.shape), str(tensor.dtype).removeprefix("torch.")
    try:
        if not _plain(tensor):
            return _unusual(tensor, shape, dtype)
        return Value(shape, dtype, tensor.tolist()) if tensor.numel() <= WHOLE else _statistics(tensor.detach(), shape, dtype)
    except (RuntimeError, TypeError):
        return Value(shape, dtype)


def unworkable(tensor: torch.Tensor) -> str:
    """Why a tensor cannot be worked by hand, "" if it can."""
    if tensor.is_nested:
        return "nested tensors are not worked by hand"
    if tensor.is_meta or isinstance(tensor, FakeTensor):
        return "there are no values, only shapes"
    return ""


def lengths(shape: Iterable[Any]) -> tuple[int, ...]:
    """A shape as numbers; -1 where the rows of a nested tensor differ in length."""
    return tuple(length if type(length) is int else -1 for length in shape)


def shown(thing: Any) -> Shown:
    """The value of a tensor or a Python number; what is neither was not recorded."""
    if isinstance(thing, torch.Tensor):
        return summarize(thing)
    if isinstance(thing, bool | int | float | complex):
        return Value((), type(thing).__name__, thing)
    return Missing.NOT_RECORDED


def _plain(tensor: torch.Tensor) -> bool:
    return tensor.layout is torch.strided and not tensor.is_meta and not tensor.is_quantized and not tensor.is_nested


def _unusual(tensor: torch.Tensor, shape: tuple[int, ...], dtype: str) -> Value:
    """Sparse tensors by their dense form where that is small; meta, nested and quantized ones by shape alone."""
    if tensor.is_sparse and tensor.numel() <= WHOLE:
        return Value(shape, dtype, tensor.detach().to_dense().tolist())
    if tensor.is_sparse:
        stored = _statistics(tensor.detach().coalesce().values(), shape, dtype)
        return replace(stored, mean=None, zeros=tensor.numel() - tensor._nnz())
    return Value(shape, dtype)


def _statistics(tensor: torch.Tensor, shape: tuple[int, ...], dtype: str) -> Value:
    if tensor.is_complex():
        zeros = tensor.numel() - int(tensor.count_nonzero())
        sizes = tensor.abs()
        nonfinite = sizes.numel() - int(torch.isfinite(sizes).sum())
        return Value(shape, dtype, None, None, None, None, float(sizes[torch.isfinite(sizes)].norm()), zeros, nonfinite)
    wide = tensor if tensor.dtype in _WORKED else tensor.to(torch.float32 if tensor.is_floating_point() else torch.float64)
    low, high, mean, norm = _moments(wide)
    if math.isfinite(low) and math.isfinite(high):
        return Value(shape, dtype, None, low, high, mean, norm, wide.numel() - int(wide.count_nonzero()))
    finite = wide[torch.isfinite(wide)]
    zeros, nonfinite = finite.numel() - int(finite.count_nonzero()), wide.numel() - finite.numel()
    if not finite.numel():
        return Value(shape, dtype, zeros=zeros, nonfinite=nonfinite)
    low, high, mean, norm = _moments(finite)
    return Value(shape, dtype, None, low, high, mean, norm, zeros, nonfinite)


def _moments(tensor: torch.Tensor) -> list[float]:
    """Smallest, largest, mean and norm, read from the device at once."""
    return torch.stack((*torch.aminmax(tensor), tensor.mean(), torch.linalg.vector_norm(tensor))).tolist()

"""A tensor at this moment, as plain data."""

from typing import Any

import torch

from byhand.value import WHOLE, Missing, Shown, Value


def summarize(tensor: torch.Tensor) -> Value:
    """The tensor's value: every element up to 64, else range, mean, norm, zeros and non-finite count."""
    shape, dtype = tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")
    if tensor.numel() <= WHOLE and _plain(tensor):
        return Value(shape, dtype, tensor.tolist())
    if not _plain(tensor):
        return _unusual(tensor, shape, dtype)
    return _statistics(tensor.detach(), shape, dtype)


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
        return Value(shape, dtype, None, stored.minimum, stored.maximum, None, stored.norm, tensor.numel() - tensor._nnz(), stored.nonfinite)
    return Value(shape, dtype)


def _statistics(tensor: torch.Tensor, shape: tuple[int, ...], dtype: str) -> Value:
    zeros = tensor.numel() - int(tensor.count_nonzero())
    if tensor.is_complex():
        sizes = tensor.abs()
        nonfinite = sizes.numel() - int(torch.isfinite(sizes).sum())
        return Value(shape, dtype, None, None, None, None, float(sizes[torch.isfinite(sizes)].norm()), zeros, nonfinite)
    wide = tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.to(torch.float32 if tensor.is_floating_point() else torch.float64)
    nonfinite = 0
    low, high = torch.aminmax(wide)
    if not torch.isfinite(low + high):
        finite = wide[torch.isfinite(wide)]
        nonfinite, wide = wide.numel() - finite.numel(), finite
        if not finite.numel():
            return Value(shape, dtype, None, zeros=zeros, nonfinite=nonfinite)
        low, high = torch.aminmax(wide)
    norm = torch.linalg.vector_norm(wide.reshape(-1))
    return Value(shape, dtype, None, low.item(), high.item(), wide.mean().item(), norm.item(), zeros, nonfinite)

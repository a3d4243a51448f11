"""A tensor at this moment, as plain data."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from byhand.value import WHOLE, Missing, Shown, Value

PIECE = 1 << 16  # elements; so many are summed up at a time
ROW = 128  # truths that are added up in one byte
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
    low, high, mean, norm, zeros = _moments(wide)
    if math.isfinite(low) and math.isfinite(high):
        return Value(shape, dtype, None, low, high, mean, norm, zeros)
    finite = wide[torch.isfinite(wide)]
    nonfinite = wide.numel() - finite.numel()
    if not finite.numel():
        return Value(shape, dtype, zeros=0, nonfinite=nonfinite)
    low, high, mean, norm, zeros = _moments(finite)
    return Value(shape, dtype, None, low, high, mean, norm, zeros, nonfinite)


def _moments(tensor: torch.Tensor) -> tuple[float, float, float, float, int]:
    """Smallest, largest, mean, norm and zeros of a tensor, piece by piece while it is in the processor's cache, read at once."""
    found, counts = [], []
    flat = in_a_row(tensor)
    for piece in (tensor.reshape(-1) if flat is None else flat).split(PIECE):
        found += [*torch.aminmax(piece), piece.sum(), torch.linalg.vector_norm(piece)]
        counts.append(_not_zero(piece))
    lows, highs, sums, norms = torch.stack(found).view(-1, 4).double().t()
    whole = torch.stack((lows.min(), highs.max(), sums.sum(), torch.linalg.vector_norm(norms), torch.stack(counts).sum().double()))
    low, high, total, norm, counted = whole.tolist()
    return low, high, total / tensor.numel(), norm, tensor.numel() - int(counted)


def _not_zero(piece: torch.Tensor) -> torch.Tensor:
    """How many elements are not zero: `count_nonzero`, five times as fast where eight truths can be added at once."""
    if piece.numel() != PIECE:
        return piece.count_nonzero()
    rows = piece.bool().view(torch.int64).view(-1, ROW).sum(1)  # a byte for every eighth element: none overflows
    return rows.view(torch.uint8).sum()


def in_a_row(tensor: torch.Tensor) -> torch.Tensor | None:
    """The elements in the order in which they lie in memory, as a view; None where they do not lie side by side."""
    if tensor.is_contiguous():
        return tensor.view(-1)
    laid = tensor.permute(sorted(range(tensor.dim()), key=tensor.stride, reverse=True))
    return laid.view(-1) if laid.is_contiguous() else None

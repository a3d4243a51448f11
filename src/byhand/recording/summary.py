"""A tensor at this moment, as plain data."""

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from byhand.recording import sketch
from byhand.value import PACKED, WHOLE, Missing, Shown, Value

ROW = 128  # truths that are added up in one byte
MANY = 1 << 16  # elements; of so many it is worth while
_WORKED = (torch.float32, torch.float64)
_Moments = tuple[float, float, float, float, int]


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
        stored = _statistics(tensor.detach().coalesce().values(), shape, dtype, drawn=False)
        return replace(stored, mean=None, zeros=tensor.numel() - tensor._nnz())
    return Value(shape, dtype)


def _statistics(tensor: torch.Tensor, shape: tuple[int, ...], dtype: str, *, drawn: bool = True) -> Value:
    """What is told of a larger tensor; `drawn` is whether its elements are those of the shape, so that they can be drawn too."""
    drawn = drawn and sketch.drawing()
    if tensor.is_complex():
        return _complex(tensor, shape, dtype, drawn=drawn)
    wide = _wide(tensor)
    few = wide.numel() <= PACKED
    elements = sketch.packed(wide.reshape(1, -1))[0] if drawn and few else b""
    moments, drawing = (_moments(wide), b"") if few or not drawn else _drawn(sketch.as_matrix(wide), shape)
    nonfinite = 0
    if not (math.isfinite(moments[0]) and math.isfinite(moments[1])):
        finite = wide[torch.isfinite(wide)]
        nonfinite = wide.numel() - finite.numel()
        if not finite.numel():
            return Value(shape, dtype, nonfinite=nonfinite, drawn=drawing, packed=elements)
        moments = _moments(finite)
    return Value(shape, dtype, None, *moments, nonfinite, drawing, _binned(wide, shape, *moments[:2]) if drawing else b"", elements)


def _complex(tensor: torch.Tensor, shape: tuple[int, ...], dtype: str, *, drawn: bool) -> Value:
    zeros = tensor.numel() - int(tensor.count_nonzero())
    sizes = tensor.abs()
    nonfinite = sizes.numel() - int(torch.isfinite(sizes).sum())
    norm = float(sizes[torch.isfinite(sizes)].norm())
    return Value(shape, dtype, None, None, None, None, norm, zeros, nonfinite, cells(sizes) if drawn else b"")


def cells(tensor: torch.Tensor) -> bytes:
    """The cells of a tensor in packed form."""
    wide = tensor.abs() if tensor.is_complex() else _wide(tensor)
    return sketch.packed(sketch.of_blocks(sketch.as_matrix(wide), tuple(tensor.shape)))[0]


def _wide(tensor: torch.Tensor) -> torch.Tensor:
    """In single precision, or in double precision where that is more exact."""
    return tensor if tensor.dtype in _WORKED else tensor.to(torch.float32 if tensor.is_floating_point() else torch.float64)


def _binned(wide: torch.Tensor, shape: tuple[int, ...], low: float, high: float) -> bytes:
    """The histogram of a tensor whose finite elements lie between the two."""
    flat = in_a_row(wide)
    some = sketch.sample(wide.reshape(-1) if flat is None else flat, shape).cpu()
    return sketch.histogram(some[torch.isfinite(some)], low, high)


def _drawn(matrix: torch.Tensor, shape: tuple[int, ...]) -> tuple[_Moments, bytes]:
    """The moments and the cells; those of a large matrix are worked together, while a piece of it is in the processor's cache."""
    if matrix.numel() <= sketch.SMALL or not matrix.is_contiguous() or matrix.shape[1] > sketch.PIECE:
        return _moments(matrix), cells(matrix)
    pieces, size, parts = sketch.pieces(matrix, shape)
    highs, lows, found, counts = [], [], [], []
    for piece in pieces:
        highs.append(sketch.reduced(piece, size, torch.amax))
        lows.append(sketch.reduced(piece, size, torch.amin))
        flat = piece.view(-1)
        found += [flat.sum(), torch.linalg.vector_norm(flat)]
        counts.append(_not_zero(flat))
    high, low = (sketch.reduced(torch.cat(rows), parts, reduce) for rows, reduce in ((highs, torch.amax), (lows, torch.amin)))
    moments = _together(low, high, torch.stack(found).view(-1, 2), counts, matrix.numel())
    return moments, sketch.packed(sketch.signed(high, low, shape).view(1, -1))[0]


def _moments(tensor: torch.Tensor) -> _Moments:
    """Smallest, largest, mean, norm and zeros of a tensor, piece by piece while it is in the processor's cache, read at once."""
    found, counts = [], []
    flat = in_a_row(tensor)
    for piece in (tensor.reshape(-1) if flat is None else flat).split(sketch.PIECE):
        found += [*torch.aminmax(piece), piece.sum(), torch.linalg.vector_norm(piece)]
        counts.append(_not_zero(piece))
    numbers = torch.stack(found).view(-1, 4)
    return _together(numbers[:, 0], numbers[:, 1], numbers[:, 2:], counts, tensor.numel())


def _together(lows: torch.Tensor, highs: torch.Tensor, others: torch.Tensor, counts: list[torch.Tensor], number: int) -> _Moments:
    """The moments of a tensor from those of its pieces."""
    sums, norms = others.double().t()
    whole = (lows.min().double(), highs.max().double(), sums.sum(), torch.linalg.vector_norm(norms), torch.stack(counts).sum().double())
    low, high, total, norm, counted = torch.stack(whole).tolist()
    return low, high, total / number, norm, number - int(counted)


def _not_zero(flat: torch.Tensor) -> torch.Tensor:
    """How many elements are not zero: `count_nonzero`, five times as fast where eight truths can be added at once."""
    main = flat.numel() // (8 * ROW) * (8 * ROW)
    if main < MANY:
        return flat.count_nonzero()
    rows = flat[:main].bool().view(torch.int64).view(-1, ROW).sum(1)  # a byte for every eighth element: none overflows
    return rows.view(torch.uint8).sum() + flat[main:].count_nonzero()


def in_a_row(tensor: torch.Tensor) -> torch.Tensor | None:
    """The elements in the order in which they lie in memory, as a view; None where they do not lie side by side."""
    if tensor.is_contiguous():
        return tensor.view(-1)
    laid = tensor.permute(sorted(range(tensor.dim()), key=tensor.stride, reverse=True))
    return laid.view(-1) if laid.is_contiguous() else None

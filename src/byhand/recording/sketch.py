"""A tensor's small heat map and histogram, as the bytes that a `Value` keeps."""

import ctypes
import math
import sys
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from byhand.value import BINS, block

SAMPLE = 2048  # elements; a histogram counts so many at most
PIECE = 1 << 18  # elements; so many are looked at while they are in the processor's cache
SMALL = 1 << 16  # elements; up to so many one pooling is quicker than two reductions
NARROW, TOGETHER = 64, 16  # columns; so many rows of a narrower matrix are laid side by side

Reduce = Callable[..., torch.Tensor]  # amax or amin

_CODES = {torch.float32: "f", torch.float64: "d", torch.int32: "i"}
_wrapped = torch._C._functorch.is_functorch_wrapped_tensor


@dataclass(slots=True)
class _Switch:
    on: bool = True


_drawing = _Switch()


def drawing() -> bool:
    """Whether values are given their heat maps and histograms."""
    return _drawing.on


@contextmanager
def no_drawing() -> Iterator[None]:
    """Values made inside have no heat maps and no histograms: nobody will see a picture of this run."""
    before, _drawing.on = _drawing.on, False
    try:
        yield
    finally:
        _drawing.on = before


def as_matrix(tensor: torch.Tensor) -> torch.Tensor:
    """The last dimension across, all others down."""
    return tensor.reshape(-1, tensor.shape[-1]) if tensor.dim() else tensor.reshape(1, 1)


def pooled(matrices: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """The largest elements of the blocks of each matrix, with their signs; what is not finite is larger than all that is."""
    size = block(shape)
    _, places = F.max_pool2d_with_indices(matrices.abs(), size, size, ceil_mode=True)
    return matrices.flatten(1).gather(1, places.flatten(1))


def of_blocks(matrix: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """The same of one matrix, in one row."""
    if matrix.numel() <= SMALL:
        return pooled(matrix.unsqueeze(0), shape)
    down, _ = block(shape)
    highs, lows = (matrix, matrix) if down == 1 else (reduced(matrix, down, torch.amax), reduced(matrix, down, torch.amin))
    return signed(highs, lows, shape).view(1, -1)


def signed(highs: torch.Tensor, lows: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """The blocks' elements of largest size, from the largest and the smallest ones in each column of a row of blocks."""
    _, across = block(shape)
    high, low = _across(highs, across, torch.amax), _across(lows, across, torch.amin)
    return torch.where(high >= -low, high, low)  # both are NaN where one is


def pieces(matrix: torch.Tensor, shape: tuple[int, ...]) -> tuple[Iterator[torch.Tensor], int, int]:
    """A matrix in pieces of whole rows, how many rows of a piece are reduced to one, and so many of these then make one row of blocks."""
    (down, _), wide = block(shape), matrix.shape[1]
    if down * wide <= PIECE:
        return iter(matrix.split(PIECE // (down * wide) * down)), down, 1
    step = max(1, PIECE // wide)
    return (piece for row in matrix.split(down) for piece in row.split(step)), step, -(-down // step)


def reduced(matrix: torch.Tensor, size: int, reduce: Reduce) -> torch.Tensor:
    """The largest or smallest elements of each column: a row for every `size` rows, the last one for what is left."""
    rows, wide = matrix.shape
    whole = rows // size
    if whole * size == rows:
        return _tall(matrix.view(whole, size, wide) if matrix.is_contiguous() else matrix.unflatten(0, (whole, size)), reduce)
    rest = reduce(matrix[whole * size :], 0, True)
    return torch.cat((reduced(matrix[: whole * size], size, reduce), rest)) if whole else rest


def _tall(blocks: torch.Tensor, reduce: Reduce) -> torch.Tensor:
    """One row for each block; several rows of a narrow one are laid side by side, so that there is enough to do at a time."""
    number, size, wide = blocks.shape
    if not 1 < wide < NARROW or size < TOGETHER * TOGETHER or not blocks.is_contiguous():
        return reduce(blocks, 1)
    main = size // TOGETHER * TOGETHER
    found = reduce(blocks[:, :main].view(number, -1, TOGETHER * wide), 1).view(number, TOGETHER, wide)
    return reduce(torch.cat((found, blocks[:, main:]), 1), 1)


def _across(matrix: torch.Tensor, size: int, reduce: Reduce) -> torch.Tensor:
    """A column for every `size` columns, the last one for what is left."""
    wide = matrix.shape[1]
    whole = wide // size
    main = reduce(matrix[:, : whole * size].unflatten(1, (whole, size)), 2)
    return main if whole * size == wide else torch.cat((main, reduce(matrix[:, whole * size :], 1, True)), 1)


def sample(flat: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """At most 4,096 elements, evenly spread along the last dimension: every second, third … so that no column is left out."""
    step = -(-flat.shape[-1] // SAMPLE)
    while step > 1 and math.gcd(step, shape[-1]) > 1:
        step += 1
    return flat[..., ::step]


def histograms(samples: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> list[bytes]:
    """For each row of finite samples how many lie in which bin between its low and its high, packed; one bin where these are the same."""
    low, high = low.view(-1, 1), high.view(-1, 1)
    part = torch.where((high - low).isfinite(), 1.0, 0.5)  # the range may be twice the largest number that there is
    place = ((samples.double() * part - low * part) / (high * part - low * part) * BINS).nan_to_num(0.0).clamp(0, BINS - 1).long()
    place += BINS * torch.arange(len(samples), device=samples.device).view(-1, 1)
    counts = torch.bincount(place.view(-1), minlength=BINS * len(samples)).view(-1, BINS)
    many = (low < high).view(-1).tolist()
    return [row if each else row[:4] for row, each in zip(packed(counts.int()), many, strict=True)]


def histogram(sample: torch.Tensor, low: float, high: float) -> bytes:
    """The same of one tensor."""
    if not low < high:
        return sample.numel().to_bytes(4, sys.byteorder)
    part = 1.0 if math.isfinite(high - low) else 0.5
    place = (sample.double() * part - low * part) / (high * part - low * part)
    return packed(torch.histc(place, BINS, 0.0, 1.0).int().unsqueeze(0))[0]


def packed(rows: torch.Tensor) -> list[bytes]:
    """Each row of a tensor as bytes."""
    rows = rows.cpu().contiguous().resolve_neg()
    size = rows.element_size() * (rows.numel() // len(rows))
    if type(rows) is torch.Tensor and not _wrapped(rows):
        told = ctypes.string_at(rows.data_ptr(), size * len(rows))
    else:  # what stands for other tensors may have no memory of its own
        told = array(_CODES[rows.dtype], rows.flatten().tolist()).tobytes()
    return [told[start : start + size] for start in range(0, len(told), size)]

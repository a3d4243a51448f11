"""Values as they are shown: small tensors whole, larger ones summarised. Plain data, no tensor inside."""

from array import array
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from math import isfinite, prod, sqrt
from typing import Any

WHOLE = 64  # elements; up to this many a tensor is kept whole
PACKED = 1024  # elements; up to this many are kept for its picture
DOWN, ACROSS = 12, 24  # cells; a small heat map has so many at most
BINS = 16  # of a histogram


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor at one moment: `data` (nested lists) up to 64 elements, else the statistics.

    `nonfinite` counts NaN and infinities; `minimum` to `norm` are over the finite elements only and None if there are none.
    `drawn` and `binned` are `cells` and `counts` in packed form, `packed` all elements of a tensor that is too small for these to be less.
    """

    shape: tuple[int, ...]
    dtype: str
    data: Any = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    norm: float | None = None
    zeros: int = 0
    nonfinite: int = 0
    drawn: bytes = b""
    binned: bytes = b""
    packed: bytes = b""

    @property
    def whole(self) -> bool:
        """Whether `data` holds every element."""
        return self.data is not None

    @property
    def cells(self) -> tuple[tuple[float | None, ...], ...]:
        """A small heat map, at most 12 rows of at most 24 cells: () where `data` is whole, and where none was made.

        The tensor is read as a matrix, its last dimension across, all others down, and cut into blocks of equal size from the top left, as
        small as there is room for; the last ones may be cut off. A cell is the element of its block that is largest in size, with its sign
        (of a complex tensor the size itself). It is None if any element of the block is NaN or infinite.
        """
        down, across = block(self.shape)
        wide = -(-_wide(self.shape) // across)
        if self.packed:
            return _drawn(_numbers(self.packed, prod(self.shape)), _wide(self.shape), down, across)
        levels = [number if isfinite(number) else None for number in _numbers(self.drawn, wide * -(-prod(self.shape[:-1]) // down))]
        return tuple(tuple(levels[start : start + wide]) for start in range(0, len(levels), wide))

    @property
    def counts(self) -> tuple[int, ...]:
        """A histogram: how many elements lie in each of 16 bins of equal width from `minimum` to `maximum`, one bin where these are equal.

        The finite ones among at most 2,048 elements are counted, all of them in a smaller tensor, else every second, third … up to that.
        It is () where `data` is whole, for complex tensors, and where none was made.
        """
        if self.packed and self.minimum is not None and self.maximum is not None:
            return _binned(_numbers(self.packed, prod(self.shape)), self.minimum, self.maximum)
        return tuple(memoryview(self.binned).cast("i").tolist())


def block(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many rows and columns of a tensor, read as a matrix, one of its `cells` stands for."""
    return max(1, -(-prod(shape[:-1]) // DOWN)), max(1, -(-_wide(shape) // ACROSS))


def _wide(shape: tuple[int, ...]) -> int:
    return shape[-1] if shape else 1


def _numbers(packed: bytes, count: int) -> list[float]:
    """Numbers in single or double precision."""
    numbers: array[float] = array("d" if len(packed) == 8 * count else "f", packed)
    return numbers.tolist()


def _drawn(numbers: list[float], wide: int, down: int, across: int) -> tuple[tuple[float | None, ...], ...]:
    """The cells of a matrix."""
    rows = [numbers[start : start + wide] for start in range(0, len(numbers), wide)]
    return tuple(
        tuple(
            _largest([number for row in rows[top : top + down] for number in row[left : left + across]]) for left in range(0, wide, across)
        )
        for top in range(0, len(rows), down)
    )


def _largest(numbers: list[float]) -> float | None:
    return max(numbers, key=abs) if all(map(isfinite, numbers)) else None


def _binned(numbers: list[float], low: float, high: float) -> tuple[int, ...]:
    """The finite numbers in bins."""
    finite = list(filter(isfinite, numbers))
    if low == high:
        return (len(finite),)
    part = 1.0 if isfinite(high - low) else 0.5  # the range may be twice the largest number that there is
    counts = [0] * BINS
    for number in finite:
        counts[min(int((number * part - low * part) / (high * part - low * part) * BINS), BINS - 1)] += 1
    return tuple(counts)


def complete(
    value: Value,
    minimum: float | None,
    maximum: float | None,
    mean: float | None,
    norm: float | None,
    zeros: int,
    nonfinite: int = 0,
    drawn: bytes = b"",
    binned: bytes = b"",
    packed: bytes = b"",
) -> None:
    """Fill in the statistics of a value that was made without them; nobody else changes one."""
    for name, found in zip(STATISTICS, (minimum, maximum, mean, norm, zeros, nonfinite, drawn, binned, packed), strict=True):
        object.__setattr__(value, name, found)


def draw(value: Value, drawn: bytes, binned: bytes) -> None:
    """Fill in the cells and counts of a value that was made without them; nobody else changes one."""
    object.__setattr__(value, "drawn", drawn)
    object.__setattr__(value, "binned", binned)


STATISTICS = ("minimum", "maximum", "mean", "norm", "zeros", "nonfinite", "drawn", "binned", "packed")


class Missing(Enum):
    """Why there is no value: four different things that must never look like zero."""

    NOT_RECORDED = "not recorded"
    NOT_COMPUTED = "not computed"
    NO_GRADIENT = "None"
    NOT_COMPARED = "not compared"


Shown = Value | Missing


def magnitude(value: Shown) -> float:
    """The largest finite size among the elements, as far as the summary tells."""
    if not isinstance(value, Value):
        return 0.0
    if value.whole:
        sizes = [abs(each) for each in _flat(value.data)]
        finite = sizes if isfinite(sum(sizes)) else [size for size in sizes if size < float("inf")]
        return max(finite, default=0.0)
    if value.minimum is None and value.norm is not None:  # complex: what is the least that the largest can be
        return value.norm / sqrt(prod(value.shape))
    return max(abs(value.minimum or 0.0), abs(value.maximum or 0.0))


def _flat(data: Any) -> list[Any]:
    """The elements of nested lists, all as deep as the first."""
    row = data if isinstance(data, list) else [data]
    while row and isinstance(row[0], list):
        row = list(chain.from_iterable(row))
    return row

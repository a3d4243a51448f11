"""Values as they are shown: small tensors whole, larger ones summarised. Plain data, no tensor inside."""

from dataclasses import dataclass
from enum import Enum
from itertools import chain
from math import isfinite, prod, sqrt
from typing import Any

WHOLE = 64  # elements; up to this many a tensor is kept whole


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor at one moment: `data` (nested lists) up to 64 elements, else the statistics.

    `nonfinite` counts NaN and infinities; `minimum` to `norm` are over the finite elements only and None if there are none.
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

    @property
    def whole(self) -> bool:
        """Whether `data` holds every element."""
        return self.data is not None


def complete(
    value: Value,
    minimum: float | None,
    maximum: float | None,
    mean: float | None,
    norm: float | None,
    zeros: int,
    nonfinite: int = 0,
) -> None:
    """Fill in the statistics of a value that was made without them; nobody else changes one."""
    for name, number in zip(_STATISTICS, (minimum, maximum, mean, norm, zeros, nonfinite), strict=True):
        object.__setattr__(value, name, number)


_STATISTICS = ("minimum", "maximum", "mean", "norm", "zeros", "nonfinite")


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

"""Tensors too large for numbers, drawn small: a heat map and a histogram."""

import math

from byhand.picture import Sketch
from byhand.value import BINS, Missing, Shown, Value, block
from byhand.words import flat, rounded

Levels = tuple[tuple[float | None, ...], ...]


def sketch_of(value: Shown) -> Sketch | None:
    """A small heat map and a histogram of the value; None for one number, and for what is missing, empty or not summed up."""
    if isinstance(value, Missing) or math.prod(value.shape) < 2:
        return None
    levels = _blocks(value) if value.whole else value.cells
    if not levels:
        return None
    low, high = _ends(value)
    count = _nonfinite(value)
    return Sketch(
        _parts(levels),
        _bins(value),
        "" if low is None else rounded(low),
        "" if high is None else rounded(high),
        f"{count:,} of {math.prod(value.shape):,} NOT FINITE" if count else "",
    )


def _blocks(value: Value) -> Levels:
    """The elements as a matrix, its last dimension across; of a long one the largest of each block."""
    every, wide = flat(value.data), value.shape[-1]
    down, across = block(value.shape)
    rows = [every[start : start + wide] for start in range(0, len(every), wide)]
    bands = [rows[start : start + down] for start in range(0, len(rows), down)]
    return tuple(tuple(_largest(band, start, across) for start in range(0, wide, across)) for band in bands)


def _largest(band: list[list[complex]], start: int, across: int) -> float | None:
    inside = [each for row in band for each in row[start : start + across]]
    found = max(inside, key=lambda each: math.inf if each != each else abs(each))
    if not abs(found) < math.inf:
        return None
    return abs(found) if isinstance(found, complex) else float(found)


def _parts(levels: Levels) -> Levels:
    """The levels as parts of the largest size, to two places."""
    largest = max((abs(each) for row in levels for each in row if each is not None), default=0.0)
    return tuple(tuple(_part(each, largest) for each in row) for row in levels)


def _part(each: float | None, largest: float) -> float | None:
    return each if each is None else round(each / largest, 2) if largest else 0.0


def _known(value: Value) -> list[float]:
    """The finite elements of a real tensor that is known whole."""
    return [float(each) for each in flat(value.data) if not isinstance(each, complex) and abs(each) < math.inf]


def _ends(value: Value) -> tuple[float | None, float | None]:
    if not value.whole:
        return value.minimum, value.maximum
    known = _known(value)
    return min(known, default=None), max(known, default=None)


def _bins(value: Value) -> tuple[int, ...]:
    """How many elements lie in each bin; none of a complex tensor."""
    known = _known(value) if value.whole else []
    if not known:
        return value.counts
    if not max(known) - min(known) < math.inf:
        known = [each / 4 for each in known]
    low, wide, counts = min(known), max(known) - min(known), [0] * BINS
    if not wide:
        return (len(known),)
    for each in known:
        counts[min(int((each - low) / wide * BINS), BINS - 1)] += 1
    return tuple(counts)


def _nonfinite(value: Value) -> int:
    return sum(not abs(each) < math.inf for each in flat(value.data)) if value.whole else value.nonfinite

"""Everything that can be said about how one gradient differs."""

from collections.abc import Callable, Iterator

import torch

from byhand.comparison import Describe, Told, count_wrong, difference_of, unit, widen
from byhand.pattern.around import Around, Compared, Difference, Pattern
from byhand.pattern.numbers import whole_patterns, without_a_term
from byhand.pattern.places import example, mask, not_finite, place_patterns


def describe(ours: torch.Tensor, theirs: torch.Tensor, floors: torch.Tensor | float, around: Around | None = None) -> Difference:
    """How many elements are apart by more than their floors, where the first is, and the pattern in words if there is one.

    The two have one shape. It costs a few passes over the tensor; ask only where something differs.
    """
    left, right = widen(ours), widen(theirs)
    apart = difference_of(left, right)
    limits = floors if isinstance(floors, torch.Tensor) else torch.full_like(apart, floors)
    wrong, total, first = count_wrong(apart, limits)
    if not wrong:
        return Difference(0, total, ())
    found = Compared(left, right, limits, apart > limits, unit(ours.dtype, theirs.dtype))
    pattern = next((each for each in _patterns(found, around or Around()) if each is not None), None)
    if pattern is None:
        return Difference(wrong, total, first, example=example(found, around or Around()))
    return Difference(wrong, total, first, pattern.words, pattern.fault, factor=pattern.factor)


def patterned(around: Callable[[], Around]) -> Describe:
    """What `compare` takes to describe a difference; `around` is asked for only where there is one."""

    def described(ours: torch.Tensor, theirs: torch.Tensor, floors: torch.Tensor) -> Told:
        try:
            found = describe(ours, theirs, floors, around())
        except Exception:
            # a difference without words is still a difference
            return Told()
        return Told(found.pattern, found.fault, found.example, found.factor)

    return described


def _patterns(found: Compared, around: Around) -> Iterator[Pattern | None]:
    odd = not_finite(found)
    yield odd
    if odd is None and bool(torch.isfinite(found.ours).all()):
        yield from whole_patterns(found, around)
        yield from place_patterns(found)
        yield without_a_term(found, around)
        yield mask(found)

"""The cheap ways give what the thorough ones give: summaries worked out together, and the quick test before the sharp one."""

import math

import pytest
import torch

from byhand import comparison
from byhand.comparison import FULL, compare, difference_of, unit, widen
from byhand.quick import quickly
from byhand.recording.later import LARGEST, Later
from byhand.recording.sketch import PIECE
from byhand.recording.summary import summarize
from byhand.results import Verdict
from byhand.value import Missing, Value, magnitude

SIZES = (65, 1_000, LARGEST + 1, PIECE, 2 * PIECE + 77)


def values(size, dtype=torch.float32):
    """Numbers of several sizes, some of them zero."""
    found = torch.randn(size, generator=torch.Generator().manual_seed(size), dtype=dtype)
    return torch.where(found.abs() < 0.1, 0.0, found)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", SIZES)
def test_a_summary_says_what_pytorch_says(size, dtype):
    """Range, mean, norm and the count of zeros, of tensors smaller and larger than the pieces they are read in."""
    tensor = values(size, dtype)

    found = summarize(tensor)

    assert (found.minimum, found.maximum) == (tensor.min().item(), tensor.max().item())
    assert found.zeros == size - int(tensor.count_nonzero())
    assert found.mean == pytest.approx(tensor.double().mean().item(), abs=1e-6)
    assert found.norm == pytest.approx(tensor.double().norm().item(), rel=1e-5)


def test_summaries_worked_out_together_are_those_worked_out_one_by_one():
    """NaN, infinities and zeros are counted in the tensor they are in, and in no other."""
    odd = values(300)
    odd[7], odd[8] = math.nan, -math.inf
    tensors = [values(100), odd, values(5_000).double(), values(400).reshape(20, 20).t()]
    later = Later()

    found = [later.summarize(tensor) for tensor in tensors]
    later.settle()

    for mine, tensor in zip(found, tensors, strict=True):
        alone = summarize(tensor)
        assert (mine.shape, mine.dtype, mine.zeros, mine.nonfinite) == (alone.shape, alone.dtype, alone.zeros, alone.nonfinite)
        numbers = [(each.minimum, each.maximum, each.mean, each.norm) for each in (mine, alone)]
        assert numbers[0] == pytest.approx(numbers[1], rel=1e-5, abs=1e-6)


def test_a_summary_is_of_the_moment_the_tensor_was_seen():
    """What the program writes into a tensor afterwards is not in it."""
    tensor, later = values(100), Later()
    before = summarize(tensor)

    found = later.summarize(tensor)
    tensor.zero_()
    later.settle()

    assert found.maximum == before.maximum


def test_a_view_is_not_summed_up_again_unless_somebody_wrote_into_it():
    """A transposed view has the statistics of its base, in its own shape; after a change in place there are new ones."""
    tensor, later = values(LARGEST * 4).reshape(4, LARGEST), Later(remember=True)
    first, view = later.summarize(tensor), later.summarize(tensor.t())
    half = later.summarize(tensor[:, ::2])
    tensor.mul_(2)
    changed = later.summarize(tensor.t())

    assert (view.shape, view.norm) == ((LARGEST, 4), first.norm)
    assert half.norm == pytest.approx(summarize(tensor[:, ::2] / 2).norm, rel=1e-5)
    assert changed.norm == pytest.approx(2 * first.norm)


@pytest.mark.parametrize("size", [10, 1_000, 10_000])
def test_the_quick_test_accepts_nothing_that_the_sharp_one_refuses(size, monkeypatch):
    """With differences around the floor: whatever it lets pass, the sharp test without measuring lets pass as well."""
    rounding, theirs, accepted = unit(torch.float32), values(size), 0
    for turn in range(-40, 41):
        ours = theirs.clone()
        ours[turn % size] = ours[turn % size] * (1 + rounding * FULL.units * 1.1**turn) + 1e-12 * (turn % 2)
        if quickly(ours, theirs, FULL.units * rounding, 0.0, FULL.whole / FULL.units) is None:
            continue
        accepted += 1
        with monkeypatch.context() as sharp:
            sharp.setattr(comparison, "closely", lambda *given, **options: None)
            assert compare(ours, theirs, rounding, noise=list).verdict is Verdict.AGREES
    assert 0 < accepted < 81


def test_the_quick_test_tells_the_error_of_the_worst_element():
    """What it accepts has the error and the floor of one element, not a bound."""
    theirs = torch.tensor([1.0, 1000.0], dtype=torch.float64)
    ours = theirs + torch.tensor([1e-15, 0.0], dtype=torch.float64)

    error, floor = quickly(ours, theirs, 32 * unit(torch.float64), 0.0, 1.0)

    assert error == difference_of(widen(ours), widen(theirs)).max().item()
    assert floor == pytest.approx(32 * unit(torch.float64))


@pytest.mark.parametrize("odd", [math.nan, math.inf])
def test_the_quick_test_leaves_nan_and_infinities_to_the_sharp_one(odd):
    """It says nothing about them, neither in small tensors nor in large ones."""
    for size in (10, 10_000):
        ours, theirs = values(size), values(size)
        ours[3] = odd
        assert quickly(ours, theirs, 1e-6, 0.0, 1.0) is None
        assert quickly(theirs, ours, 1e-6, 0.0, 1.0) is None


@pytest.mark.parametrize(
    ("data", "largest"),
    [([[1.0, -3.0], [2.0, math.nan]], 3.0), ([math.inf, 2.0], 2.0), (-4.0, 4.0), ([[], []], 0.0), ([3 + 4j], 5.0)],
)
def test_magnitude_is_the_largest_finite_size(data, largest):
    """Whatever the nesting; NaN and infinities have no size."""
    assert magnitude(Value((), "float32", data)) == largest
    assert magnitude(Missing.NOT_COMPUTED) == 0.0

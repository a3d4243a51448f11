"""Tensors drawn small: a heat map, a histogram, the range, and what is not finite."""

import math

import pytest
import torch

from byhand.drawing.sketches import sketch_of
from byhand.recording.summary import summarize
from byhand.value import Missing, Value


def test_a_small_tensor_is_drawn_element_by_element():
    """Each as a part of the largest size, with its sign."""
    sketch = sketch_of(Value((2, 2), "float32", [[1.0, -2.0], [4.0, 0.0]]))

    assert sketch.levels == ((0.25, -0.5), (1.0, 0.0))
    assert (sketch.low, sketch.high, sketch.nonfinite) == ("−2", "4", "")


def test_the_histogram_counts_every_element():
    """Smallest and largest included."""
    sketch = sketch_of(Value((4,), "float32", [0.0, 0.1, 0.9, 1.0]))

    assert (len(sketch.counts), sum(sketch.counts)) == (16, 4)
    assert (sketch.counts[0], sketch.counts[-1]) == (1, 1)


def test_equal_elements_are_one_bin():
    """There is no width to divide."""
    assert sketch_of(Value((3,), "float32", [2.0, 2.0, 2.0])).counts == (3,)


def test_what_is_not_finite_has_no_level():
    """It is counted in words, and the others are drawn."""
    sketch = sketch_of(Value((3,), "float32", [math.nan, 1.0, -math.inf]))

    assert sketch.levels == ((None, 1.0, None),)
    assert sketch.nonfinite == "2 of 3 NOT FINITE"
    assert (sketch.low, sketch.high) == ("1", "1")


def test_all_nan_is_drawn_without_a_range():
    """Nothing is made up."""
    sketch = sketch_of(Value((2,), "float32", [math.nan, math.nan]))

    assert (sketch.levels, sketch.counts, sketch.low, sketch.high) == (((None, None),), (), "", "")


def test_the_widest_range_is_drawn():
    """From the smallest to the largest number that there is."""
    sketch = sketch_of(Value((3,), "float64", [-1.7e308, 0.0, 1.7e308]))

    assert sum(sketch.counts) == 3


def test_a_long_vector_is_cut_into_blocks():
    """Of each block the element that is largest in size."""
    data = [0.0] * 64
    data[1], data[63] = -4.0, 2.0
    (row,) = sketch_of(Value((64,), "float32", data)).levels

    assert len(row) <= 24
    assert (row[0], row[-1]) == (-1.0, 0.5)


def test_one_element_spoils_its_block():
    """A block with a NaN in it has no level, however large the others are."""
    data = [1.0] * 64
    data[0] = math.nan
    (row,) = sketch_of(Value((64,), "float32", data)).levels

    assert (row[0], row[1]) == (None, 1.0)


def test_complex_numbers_are_drawn_by_size():
    """They have no order, so no range and no histogram."""
    sketch = sketch_of(Value((2,), "complex64", [3 + 4j, 0j]))

    assert (sketch.levels, sketch.counts, sketch.low) == (((1.0, 0.0),), (), "")


@pytest.mark.parametrize(
    "shown", [Missing.NO_GRADIENT, Value((), "float32", 1.0), Value((0,), "float32", []), Value((99,), "float32", norm=1.0)]
)
def test_nothing_to_draw(shown):
    """What is missing, single, empty or without a heat map."""
    assert sketch_of(shown) is None


def test_a_large_tensor_is_drawn_from_its_summary():
    """As many cells as there is room for, and the range of the whole."""
    torch.manual_seed(0)
    tensor = torch.randn(100, 100)
    tensor[0, 0] = math.nan
    sketch = sketch_of(summarize(tensor))

    assert (len(sketch.levels), len(sketch.levels[0])) == (12, 20)
    assert sketch.levels[0][0] is None
    assert sketch.nonfinite == "1 of 10,000 NOT FINITE"
    assert max(abs(each) for row in sketch.levels for each in row if each is not None) == 1.0

"""Numbers and values as a reader sees them."""

import math

import pytest

from byhand import words
from byhand.document import Role
from byhand.value import Missing, Value


@pytest.mark.parametrize(
    ("number", "dtype", "shown"),
    [
        (1.0, "float32", "1"),
        (-2.0, "float32", "−2"),
        (0.1, "float64", "0.1"),
        (0.10000000149011612, "float32", "0.1"),
        (0.0999755859375, "float16", "0.1"),
        (0.10009765625, "bfloat16", "0.1"),
        (1e-07, "float64", "1e−7"),
        (1e30, "float32", "1e30"),
        (16777216.0, "float32", "16777216"),
        (-0.0, "float32", "−0"),
        (3, "int64", "3"),
        (True, "bool", "True"),
        (1 - 2j, "complex64", "1 − 2i"),
        (math.nan, "float32", "NaN"),
        (math.inf, "float32", "∞"),
        (-math.inf, "float32", "−∞"),
        (1e300, "float32", "1e300"),
    ],
)
def test_a_number_has_the_shortest_digits_of_its_dtype(number, dtype, shown):
    """A number is shown in full: the fewest digits that give it back in its own dtype, with a true minus."""
    assert words.number(number, dtype) == shown


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("number", [1 / 3, 2 / 3e5, 12345.678, 5e-8])
def test_the_digits_give_the_number_back(dtype, number):
    """Reading the shown digits in the same dtype gives the very same number."""
    import torch

    exact = torch.tensor(number, dtype=getattr(torch, dtype))
    shown = float(words.number(exact.item(), dtype).replace("−", "-"))

    assert torch.tensor(shown, dtype=exact.dtype) == exact


def test_a_small_tensor_is_shown_whole():
    """Up to 64 elements every element is shown, the long ones to four digits."""
    assert words.value(Value((2, 2), "float32", [[1.0, 0.1], [-3.0, 0.123456789]])) == "[[1, 0.1], [−3, 0.1235]]"


def test_a_large_tensor_is_one_line_of_statistics():
    """A larger tensor is its shape, dtype, range, mean, norm and zeros."""
    large = Value((128, 64), "float32", None, -0.5, 0.75, 0.0012, 3.25, zeros=7)

    assert words.value(large) == "(128, 64) float32, −0.5 … 0.75, mean 0.0012, norm 3.25, 7 zeros"


def test_what_is_not_finite_is_loud():
    """NaN and infinities come first, in capitals and in a role of their own."""
    large = Value((100,), "float32", None, 0.0, 1.0, 0.5, 2.0, nonfinite=3)

    assert words.value(large).startswith("3 NOT FINITE, ")
    assert words.cell(large).role is Role.LOUD
    assert words.cell(Value((2,), "float32", [1.0, math.nan])).role is Role.LOUD


@pytest.mark.parametrize("missing", list(Missing))
def test_a_missing_value_is_said_in_words(missing):
    """A value that is not there is a word, in the role of missing things, and never 0."""
    shown = words.cell(missing)

    assert (shown.text, shown.role) == (missing.value, Role.MISSING)


def test_an_empty_tensor_says_that_it_is_empty():
    """No elements are shown as such, with the shape."""
    assert words.value(Value((0, 3), "float32", [])) == "[] (empty, (0, 3))"


def test_a_tensor_of_which_only_the_shape_is_known():
    """A meta or quantized tensor is shown by shape and dtype alone."""
    assert words.value(Value((2, 3), "float32")) == "(2, 3) float32"


def test_a_long_name_is_shortened_in_its_middle():
    """500 characters become 60, both ends kept."""
    shown = words.plain("a" * 250 + "b" * 250)

    assert len(shown) == words.LONGEST
    assert shown.startswith("aaa")
    assert shown.endswith("bbb")


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "a\u202eb", "a\x00b", "bell\x07", "\u200b", "\ud800"])
def test_control_characters_are_made_visible(hostile):
    """What would steer a terminal or turn the direction of text is shown by its number."""
    assert words.plain(hostile).isprintable()
    assert "\\u" in words.plain(hostile)


@pytest.mark.parametrize("harmless", ["שלום", "🤖", "👩‍🔬", "ŷ", "名前"])
def test_other_scripts_and_emoji_stay(harmless):
    """Names in any script are shown as they were typed."""
    assert words.plain(harmless) == harmless


def test_the_norm_of_a_whole_value_is_worked_from_its_elements():
    """3 and 4 have the norm 5; a NaN among them does not take it away."""
    assert words.size_of(Value((3,), "float32", [3.0, 4.0, math.nan])) == 5.0
    assert words.size_of(Missing.NOT_RECORDED) is None


def test_the_norm_of_huge_numbers_is_a_number():
    """Numbers whose squares are beyond double precision have a norm all the same."""
    assert words.size_of(Value((2,), "float64", [3e200, 4e200])) == pytest.approx(5e200)

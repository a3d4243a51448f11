"""How a wrong gradient differs is said in words, and only where the numbers are so."""

import pytest
import torch
from patterns import FLOOR, GRAD, OTHER, OURS, PATTERNS, X, changed, drawn

from byhand.comparison import compare
from byhand.pattern import Around, describe, patterned
from byhand.results import Fault, Verdict


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_named(name):
    """Each pattern is told in words, and has its kind."""
    ours, theirs, around, fault, words = PATTERNS[name]

    found = describe(ours, theirs, FLOOR, around)

    assert (found.pattern, found.fault) == (words, fault)


@pytest.mark.parametrize("name", [name for name, row in PATTERNS.items() if row[3] not in (Fault.NOT_FINITE, Fault.MASK)])
def test_one_element_out_of_line_is_no_pattern(name):
    """Nothing is guessed: what holds for all elements but one is not said."""
    ours, theirs, around, _, words = PATTERNS[name]
    spoiled = theirs.clone(memory_format=torch.contiguous_format)
    spoiled.view(-1)[0] += 7.5
    if "shape" in words:
        words = words.partition(";")[2].strip()

    assert words not in describe(ours, spoiled, FLOOR, around).pattern


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize(
    "name", ["a constant factor", "another input", "a missing part", "no upstream", "storage read in order", "one row"]
)
def test_patterns_are_seen_in_every_dtype(name, dtype):
    """What low precision rounds away does not hide a pattern, as long as the floor says how much that is."""
    ours, theirs, around, fault, _ = PATTERNS[name]
    floors = 32 * torch.finfo(dtype).eps * ours.abs().double().clamp(min=1)

    assert describe(ours.to(dtype), theirs.to(dtype), floors, around).fault is fault


@pytest.mark.parametrize("place", [0, 7, 4095, 99_999])
def test_one_element_of_many_is_not_overlooked(place):
    """In a large tensor a few elements are looked at first, and then all of them."""
    ours = drawn(1000, 100)
    theirs = 0.5 * ours
    theirs.view(-1)[place] += 1

    assert describe(ours, 0.5 * ours, FLOOR).fault is Fault.FACTOR
    assert describe(ours, theirs, FLOOR).fault is None


def test_counts_and_the_first_place():
    """How many elements are wrong, of how many, and where the first is."""
    found = describe(OURS, changed((slice(2, 4), 7), 9.0), FLOOR)

    assert (found.wrong, found.total, found.first) == (2, 300, (2, 7))


def test_what_is_right_has_no_pattern():
    """Within the floor nothing is wrong."""
    found = describe(OURS, OURS + 1e-9, FLOOR)

    assert (found.wrong, found.first, found.pattern, found.fault) == (0, (), "", None)


def test_noise_is_no_pattern():
    """Where nothing simple is the matter, nothing is said."""
    assert describe(OURS, OURS + OTHER, FLOOR, Around(upstream=(GRAD,), values={"`x`": X})).pattern == ""


@pytest.mark.parametrize(
    ("theirs", "words"), [(6.0, "every element is 3 × the one by hand"), (-2.0, "every element has the wrong sign"), (4.3, "")]
)
def test_a_single_number_has_a_factor_only_if_it_is_a_simple_one(theirs, words):
    """Of one number any other is a multiple: that alone says nothing."""
    assert describe(torch.tensor(2.0), torch.tensor(theirs), FLOOR).pattern == words


def test_without_a_pattern_the_worst_element_is_an_example():
    """Of elementwise work the numbers that belong together are told, so that the author has a case to try."""
    theirs = OURS + 0.01 * OTHER
    theirs[4, 5] = 9.0
    around = Around(upstream=(GRAD,), values={"`x`": X})

    found = describe(OURS, theirs, FLOOR, around)

    numbers = [f"{float(each[4, 5]):.4g}".replace("-", "−") for each in (X, GRAD, OURS)]
    assert found.example == "`x` is {}, the upstream gradient is {}: by hand {}, PyTorch 9".format(*numbers)


@pytest.mark.parametrize("around", [Around(), Around(values={"`x`": X[0]}), Around(values={"`x`": X, "`weight`": X[:, :3]})])
def test_what_is_not_elementwise_has_no_example(around):
    """Where one element is made of many, the numbers at one place say nothing."""
    assert describe(OURS, OURS + OTHER, FLOOR, around).example == ""


def test_an_empty_scalar_place():
    """A scalar has no index."""
    found = describe(torch.tensor(2.0), torch.tensor(4.3), FLOOR)

    assert (found.wrong, found.total, found.first) == (1, 1, ())


def test_compare_asks_for_the_pattern_only_where_something_differs():
    """Where both agree nothing is worked out; where not, the comparison has the counts and the pattern."""
    asked = []
    telling = patterned(lambda: asked.append(1) or Around())

    assert compare(OURS, OURS.clone(), 6e-8, describe=telling).pattern == ""
    assert asked == []
    found = compare(OURS, changed(2, 0.0), 6e-8, describe=telling)
    assert (found.verdict, found.wrong, found.total, found.first, found.fault) == (Verdict.DIFFERS, 50, 300, (2, 0), Fault.SLICE)

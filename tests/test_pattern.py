"""How a wrong gradient differs is said in words, and only where the numbers are so."""

import pytest
import torch
from patterns import FLOOR, GRAD, OTHER, OURS, PATTERNS, X, changed, drawn

from byhand.comparison import compare
from byhand.pattern import Around, describe, patterned
from byhand.results import Fault, Verdict
from byhand.rounding import Movement


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


def noisy(seed=5):
    """A gradient in bfloat16, and another that is off everywhere by what its coarse floors nearly hide; the floors."""
    ours, noise = drawn(16, 32, seed=seed), drawn(16, 32, seed=seed + 1)
    floors = 0.3 * ours.abs().clamp(min=1)
    return ours.bfloat16(), (ours + 0.12 * noise).bfloat16(), floors


@pytest.mark.parametrize("seed", range(8))
def test_coarse_floors_make_no_pattern(seed):
    """Where a few elements stand out of floors that nearly all fit, no factor, no order and no place is read into them."""
    ours, theirs, floors = noisy(seed)

    found = describe(ours, theirs, floors, Around(upstream=(X,), values={"`x`": torch.ones(16, 32), "`g`": torch.ones(16)}))

    assert found.wrong < 64
    assert (found.pattern, found.fault) == ("", None)


def test_a_small_difference_is_no_wrong_place():
    """Sorting hides it, so that the numbers would fit: the right ones in the wrong places are far from those that belong there."""
    ours = drawn(256, 256)
    theirs = ours * (1 + 0.02 * drawn(256, 256, seed=7).sign())

    assert describe(ours, theirs, 0.001 * ours.abs()).pattern == ""


def test_a_true_factor_is_seen_under_coarse_floors():
    """What is left of the difference counts, and not how few elements are beyond their floors."""
    ours = drawn(16, 32).bfloat16()
    theirs = (1.1 * ours.double()).bfloat16()

    found = describe(ours, theirs, 0.098 * ours.double().abs())

    assert (found.pattern, found.factor) == ("every element is 1.1 × the one by hand", 1.1)


@pytest.mark.parametrize("place", [(3, 7), (slice(3, 4), slice(None)), (slice(4, 6), slice(20, 50))])
def test_a_place_is_named_only_if_the_rest_is_right(place):
    """Where all is off and the floors let some of it pass, what is beyond them is no place."""
    theirs = OURS + 0.02 * OTHER
    theirs[place] += 0.2

    assert describe(OURS, theirs, 0.15).pattern == ""


@pytest.mark.parametrize(("ratio", "said"), [(1.05, "1.05"), (0.97, "0.97"), (1.0001, "(1 + 0.0001)")])
def test_a_difference_of_the_whole_has_the_factor_the_right_way_round(ratio, said):
    """No element is beyond rounding and all are off by one factor: PyTorch's over ours, as where the elements show it."""
    spread = Movement(abs(ratio - 1) * OURS.abs(), 0.0)
    found = compare(OURS, ratio * OURS, abs(ratio - 1) / 20, noise=lambda: [spread])

    assert found.verdict is Verdict.DIFFERS
    assert found.reason == f"no element is beyond rounding, but together they are {said} × the one by hand"
    assert (found.fault, round(found.factor, 5)) == (Fault.FACTOR, ratio)

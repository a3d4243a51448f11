"""How a wrong gradient differs is said in words, and only where the numbers are so."""

import pytest
import torch

from byhand.comparison import compare
from byhand.pattern import Around, describe, patterned
from byhand.results import Fault, Verdict

FLOOR = 1e-6
ROWS, COLUMNS = 6, 50


def drawn(*shape, seed=0):
    """Random numbers, none of them close to 0."""
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return numbers + 0.1 * numbers.sign()


X, GRAD, OTHER = drawn(ROWS, COLUMNS), drawn(ROWS, COLUMNS, seed=1), drawn(ROWS, COLUMNS, seed=2)
OURS = GRAD * X
PROB = X.softmax(1)
TURNED = GRAD.t().contiguous().t()
KEPT = OTHER > 0


def changed(index, number):
    """Ours with some elements set to a number."""
    theirs = OURS.clone()
    theirs[index] = number
    return theirs


def last(count, number):
    """Ours with its last elements in memory order set to a number."""
    theirs = OURS.clone()
    theirs.view(-1)[-count:] = number
    return theirs


TERM = "a term with a sum over it is wrong or missing"
PATTERNS = {
    "a constant factor": (OURS, 0.5 * OURS, Around(), Fault.FACTOR, "every element is 0.5 × the one by hand"),
    "a sign": (OURS, -OURS, Around(), Fault.SIGN, "every element has the wrong sign"),
    "zeros": (OURS, 0 * OURS, Around(), Fault.ZEROS, "every element is 0"),
    "another input": (OURS, OTHER * X, Around(siblings={"`item`": OTHER * X}), Fault.OTHER_INPUT, "it is the gradient of `item`"),
    "a missing part": (
        OURS + OTHER,
        OURS,
        Around(parts={0: OURS, 1: OTHER}),
        Fault.PART,
        "what output 1 sends back is missing from it",
    ),
    "no upstream": (
        OURS,
        X,
        Around(upstream=(GRAD,)),
        Fault.UPSTREAM,
        "it is the local derivative alone: the upstream gradient is not multiplied in",
    ),
    "a constant upstream": (
        0.01 * X,
        X,
        Around(upstream=(torch.full_like(X, 0.01),)),
        Fault.UPSTREAM,
        "it is the local derivative alone: the upstream gradient, 0.01 everywhere, is not multiplied in",
    ),
    "upstream twice": (OURS, OURS * GRAD, Around(upstream=(GRAD,)), Fault.UPSTREAM, "the upstream gradient is multiplied in twice"),
    "a missing factor": (OURS, GRAD, Around(values={"`x`": X}), Fault.OPERAND, "the factor `x` is missing from every element"),
    "a factor too many": (OURS, OURS * X, Around(values={"`x`": X}), Fault.OPERAND, "`x` is a factor too many in every element"),
    "a shape": (
        OURS,
        3 * OURS,
        Around(returned=(3, ROWS, COLUMNS)),
        Fault.SHAPE,
        "backward returned the shape (3, 6, 50), the input has (6, 50); every element is 3 × the one by hand",
    ),
    "a mean for a sum": (
        OURS.sum(0),
        OURS.mean(0),
        Around(upstream=(GRAD,)),
        Fault.FACTOR,
        "every element is 0.1667 × the one by hand; 6 elements of the upstream gradient belong to each: a mean where there must be a sum",
    ),
    "a mean that is not subtracted": (
        GRAD - GRAD.mean(1, keepdim=True),
        GRAD,
        Around(),
        Fault.TERM,
        f"what is too much or too little in it is one number for each row of dimension 1: {TERM}",
    ),
    "softmax without its sum": (
        PROB * (GRAD - (GRAD * PROB).sum(1, keepdim=True)),
        PROB * GRAD,
        Around(values={"`prob`": PROB}),
        Fault.TERM,
        f"what is too much or too little in it is `prob` times one number for each row of dimension 1: {TERM}",
    ),
    "storage read in order": (
        TURNED * X,
        TURNED.as_strided((ROWS, COLUMNS), (COLUMNS, 1)) * X,
        Around(upstream=(TURNED,)),
        Fault.LAYOUT,
        "it comes of reading the upstream gradient's storage in order, though its strides are (1, 6)",
    ),
    "one row": (
        OURS,
        changed(2, 0.0),
        Around(),
        Fault.SLICE,
        "all wrong elements lie at index 2 of dimension 0 (of 6), where PyTorch's are 0",
    ),
    "columns": (
        OURS,
        changed((slice(None), slice(3, 6)), 9.0),
        Around(),
        Fault.SLICE,
        "all wrong elements lie at indexes 3 … 5 of dimension 1 (of 50)",
    ),
    "the last rows": (
        OURS,
        changed(slice(4, 6), 0.0),
        Around(),
        Fault.SLICE,
        "all wrong elements lie at indexes 4 … 5 of dimension 0 (of 6), where PyTorch's are 0",
    ),
    "one element": (OURS, changed((3, 7), 9.0), Around(), Fault.SLICE, "only the element at [3, 7] is wrong"),
    "the last tile unwritten": (
        OURS,
        last(70, 0.0),
        Around(),
        Fault.TAIL,
        "the last 70 elements of 300 in memory order are 0, those before are right",
    ),
    "the last tile wrong": (
        OURS,
        last(70, 9.0),
        Around(),
        Fault.TAIL,
        "the last 70 elements of 300 in memory order are wrong, those before are right",
    ),
    "rows moved on": (
        OURS,
        OURS.roll(2, 0),
        Around(),
        Fault.SHIFTED,
        "it is the one by hand moved on by 2 places along dimension 0",
    ),
    "columns moved back": (
        OURS,
        OURS.roll(-1, 1),
        Around(),
        Fault.SHIFTED,
        "it is the one by hand moved back by 1 place along dimension 1",
    ),
    "reversed": (OURS, OURS.flip(1), Around(), Fault.SHIFTED, "it is the one by hand in reverse order along dimension 1"),
    "transposed": (
        OURS[:, :ROWS],
        OURS[:, :ROWS].t(),
        Around(),
        Fault.LAYOUT,
        "it is the one by hand with dimensions 0 and 1 exchanged",
    ),
    "written in another order": (
        OURS,
        OURS.t().reshape(ROWS, COLUMNS),
        Around(),
        Fault.LAYOUT,
        "it has the right numbers written in memory order with dimensions 0 and 1 exchanged",
    ),
    "in wrong places": (
        OURS,
        OURS.view(-1)[torch.randperm(300, generator=torch.Generator().manual_seed(3))].view(ROWS, COLUMNS),
        Around(),
        Fault.LAYOUT,
        "it has the right numbers in the wrong places",
    ),
    "a forgotten mask": (
        OURS * KEPT,
        OURS,
        Around(),
        Fault.MASK,
        f"{int((~KEPT).sum())} elements must be 0 and most of PyTorch's are not: a mask or a condition of the forward is not in it",
    ),
    "a mask too many": (
        OURS,
        OURS * KEPT,
        Around(),
        Fault.MASK,
        f"every wrong element is 0 in PyTorch's, first at {(~KEPT).nonzero()[0].tolist()}",
    ),
    "NaN": (OURS, changed((1, slice(2, 4)), torch.nan), Around(), Fault.NOT_FINITE, "2 elements of PyTorch's are NaN, first at [1, 2]"),
    "infinite": (OURS, changed((1, 2), torch.inf), Around(), Fault.NOT_FINITE, "1 element of PyTorch's is infinite, first at [1, 2]"),
    "the conjugate": (
        OURS * (1 + 2j),
        OURS * (1 - 2j),
        Around(),
        Fault.SIGN,
        "every element is the conjugate of the one by hand",
    ),
}


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

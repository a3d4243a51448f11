"""Wrong gradients with a pattern: what is wrong with them, and the words and the kind it must be told by."""

import torch

from byhand.pattern import Around
from byhand.results import Fault

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


SCALES = 1 + 0.1 * drawn(ROWS, seed=4)
STRAIGHT = "the forward has no slope, so that every element must be 0, and it is the upstream gradient"
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
    "a missing factor for each row": (
        OURS * SCALES[:, None],
        OURS,
        Around(values={"`g`": SCALES}),
        Fault.OPERAND,
        "it must be multiplied by `g`, one number for each row of dimension 0: that factor is missing",
    ),
    "a factor too many for each row": (
        OURS,
        OURS * SCALES[:, None],
        Around(values={"`g`": SCALES}),
        Fault.OPERAND,
        "it must be divided by `g`, one number for each row of dimension 0: that factor is one too many",
    ),
    "the upstream gradient of each row": (
        OURS * SCALES[:, None],
        OURS,
        Around(upstream=(SCALES,)),
        Fault.OPERAND,
        "it must be multiplied by the upstream gradient, one number for each row of dimension 0: that factor is missing",
    ),
    "straight through": (0 * GRAD, GRAD, Around(upstream=(GRAD,)), Fault.STRAIGHT, f"{STRAIGHT}: a straight-through estimator"),
    "straight through a mask": (
        0 * GRAD,
        GRAD * KEPT,
        Around(upstream=(GRAD,)),
        Fault.STRAIGHT,
        f"{STRAIGHT}, with some elements 0: a straight-through estimator",
    ),
    "straight through, clamped": (
        0 * GRAD,
        GRAD.clamp(-1, 1),
        Around(upstream=(GRAD,)),
        Fault.STRAIGHT,
        f"{STRAIGHT}, held between two numbers: a straight-through estimator",
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

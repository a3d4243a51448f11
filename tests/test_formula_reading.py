"""What a rule's body may hold, and the tree that is read from it."""

import math

import pytest
import torch

from byhand import rules
from byhand.errors import UnshowableRule
from byhand.formula import read, refuse_unshowable, with_lines
from byhand.formula.tree import Call, Method, Name, Number, Operation, Tree
from byhand.rules.table import FORWARD, TABLE

TOP = 3
TABLED = {rule.function.__qualname__: rule.function for each in TABLE.values() for rule in each} | {
    f"forward {name}": function for name, function in FORWARD.items()
}


def branches(grad, dim):
    if dim:
        return grad
    return grad * 2


def chooses(grad, dim):
    return grad if dim else grad * 2


def repeats(grad):
    for _ in range(3):
        print(grad)
    return grad


def collects(grad):
    return torch.stack([part * 2 for part in grad])


def renames(grad):
    grad = grad * 2
    return grad * 3


def adds_in_place(grad):
    doubled = grad * 2
    doubled += 1
    return doubled


def calls_in_place(grad):
    return grad.mul_(2)


def unpacks(grad):
    first, second = grad.unbind()
    return first * second


def unfolds(grad, *parts):
    return torch.cat((grad, *parts))


def takes_a_function(grad):
    return grad.apply_(lambda value: value * 2)


def combines_truths(grad, dim):
    return grad * (dim > 0 and dim < 3)


def asks_for_none(grad, dim):
    return grad * (dim is None)


def compares_twice(grad, dim):
    return grad * (0 < dim < 3)


def formats(grad):
    return torch.einsum(f"{TOP}", grad)


def does_more(grad):
    print(grad)
    return grad


REFUSED = (
    branches,
    chooses,
    repeats,
    collects,
    renames,
    adds_in_place,
    calls_in_place,
    unpacks,
    unfolds,
    takes_a_function,
    combines_truths,
    asks_for_none,
    compares_twice,
    formats,
    does_more,
)


@pytest.mark.parametrize("function", REFUSED, ids=lambda function: function.__name__)
def test_what_cannot_be_shown_is_refused(function):
    """A rule with anything but straight-line code is refused when it is entered, with its name, file and line."""
    with pytest.raises(UnshowableRule) as caught:
        refuse_unshowable(function)

    first = function.__code__.co_firstlineno
    file, line = caught.value.where.rsplit(":", 1)
    assert function.__name__ in caught.value.what
    assert file == __file__
    assert first <= int(line) <= first + 3
    assert "@helper" in caught.value.fix


def reads_a_constant(grad):
    return grad * TOP


def test_a_constant_from_outside_is_refused_when_read():
    """A formula holds its numbers itself: a name from outside would be shown without its value."""
    with pytest.raises(UnshowableRule, match="TOP"):
        read(reads_a_constant)


def straight(grad, self, exponent):
    """The body may start with a sentence."""
    power = self ** (exponent - 1)
    return grad * torch.exp(power).conj()


def test_lines_and_result_are_read():
    """The tree holds the named lines in their order, the result, and the parameters."""
    refuse_unshowable(straight)

    power = Operation("**", Name("self"), Operation("-", Name("exponent"), Number(1)))
    result = Operation("*", Name("grad"), Method(Call("torch.exp", (Name("power"),)), "conj", ()))
    assert read(straight) == Tree(result, (("power", power),), ("grad", "self", "exponent"))


def test_a_function_is_read_once():
    """The second reading is the first one's tree."""
    assert read(straight) is read(straight)


@pytest.mark.parametrize("function", TABLED.values(), ids=TABLED.keys())
def test_every_rule_and_forward_expression_can_be_read(function):
    """What the quick look at the bytecode let pass at import is indeed readable."""
    assert read(function).parameters == function.__code__.co_varnames[: function.__code__.co_argcount]


def test_the_table_is_full():
    """The test above ran on the real rules."""
    assert rules.__doc__
    assert len(TABLED) > 100


def slope(deviation, count):
    return 2 * deviation / count


def deviation(self):
    middle = self.mean()
    return self - middle


def test_derived_values_become_lines():
    """A derived value's formula is put before the rule's own lines, and its parameters take its place."""
    tree = with_lines(read(slope), {"deviation": read(deviation)})

    assert [name for name, _ in tree.where] == ["middle", "deviation"]
    assert tree.parameters == ("count", "self")


def test_a_function_without_source_is_refused():
    """Where no source is left, the reader says so instead of guessing."""
    namespace = {"math": math}
    exec("def lost(grad):\n    return grad * math.pi\n", namespace)

    with pytest.raises(UnshowableRule, match="its source cannot be read"):
        read(namespace["lost"])

"""Names through real runs of PyTorch: what the user wrote is what the story calls things."""

from pathlib import Path

import torch
from told import leaves, names, weight

import byhand

SOURCE = Path(__file__).resolve().parent.parent / "src"


def test_assignments_name_their_results():
    """The target is the name; what has no target is told by its words."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        loss = (h - 1) ** 2
        loss.backward()

    assert names(run) == ["h", "h - 1", "loss"]
    assert leaves(run) == {"w"}


def test_names_inside_functions():
    """A function's own variables, and what its caller called the result."""
    w = weight()

    def predict(x):
        inner = x * w
        return inner + 1

    with byhand.record() as run:
        y_hat = predict(3.0)
        loss = y_hat**2
        loss.backward()

    assert names(run)[0] == "inner"
    assert names(run)[1] in ("inner + 1", "y_hat")
    assert names(run)[2] == "loss"


def test_lambdas_and_comprehensions():
    """They have no targets inside, so their words are told; the sum has its name."""
    w = weight()
    (square,) = (lambda value: value * value,)
    with byhand.record() as run:
        parts = [square(w) for _ in range(2)]
        loss = parts[0] + parts[1]
        loss.backward()

    assert names(run)[-1] == "loss"
    assert all(name.startswith(("value * value", "parts[")) for name in names(run)[:-1])


def test_attributes():
    """`self.h = …` is the name self.h."""

    class Model:
        def __init__(self):
            self.w = weight()

        def loss(self):
            self.h = self.w * 3
            self.out = self.h**2
            return self.out

    with byhand.record() as run:
        Model().loss().backward()

    assert names(run) == ["self.h", "self.out"]


def test_tuple_targets():
    """Each result of one call has its own target."""
    w = torch.ones(4, requires_grad=True)
    with byhand.record() as run:
        low, high = w.split(2)
        (first, *rest) = high.unbind()
        loss = low.sum() + first + rest[0]
        loss.backward()

    (split,) = [step for step in run.passes[-1].steps if step.op.startswith("Split")]
    (unbind,) = [step for step in run.passes[-1].steps if step.op.startswith("Unbind")]
    assert [output.name for output in split.outputs] == ["low", "high"]
    assert unbind.outputs[0].name == "first"


def test_augmented_assignment():
    """`h += …` makes another h."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        h = h * w
        h -= 1
        h.backward()

    assert names(run) == ["h1", "h2", "h3"]


def test_a_name_used_again_in_a_loop_is_numbered():
    """h, h, h are three values, counted in the order of the program."""
    w = weight()
    h = w
    with byhand.record() as run:
        for _ in range(3):
            h = h * w
        h.backward()

    assert names(run) == ["h1", "h2", "h3"]


def test_two_variables_for_one_tensor():
    """Both names are known to check; the first is told."""
    w = weight()
    with byhand.record() as run:
        h = w * 3
        other = h
        loss = other**2
        loss.backward()

    assert names(run)[0] == "h"
    assert run.check(h=12).passes[0].yours[0].exact
    assert byhand.check(w * 3, w=3).passes[0].yours[0].exact


def test_two_targets_of_one_assignment():
    """`a = b = …` gives two names to one value."""
    w = weight()
    with byhand.record() as run:
        a = b = w * 3
        loss = a**2
        loss.backward()

    assert run.check(a=12, b=12).agrees
    assert b is a


def test_an_assignment_expression():
    """`(h := …)` is an assignment."""
    w = weight()
    with byhand.record() as run:
        loss = (h := w * 3) ** 2
        loss.backward()
    assert h.item() == 6

    assert names(run) == ["h", "loss"]

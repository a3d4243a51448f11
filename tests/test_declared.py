"""What a custom Function's class says about itself is read wherever a class can be written, and never in the way."""

import linecache

import pytest
import torch

from byhand.recording.declared import declared_intended, defined_at, functions
from byhand.recording.walk import read_graph

BODY = """
    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    def backward(ctx, grad):
        return grad
"""


def written(text, file):
    """What a cell of a notebook defines: its text is known to linecache only."""
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    space = {"torch": torch}
    exec(compile(text, file, "exec"), space)
    return space


MARKED = {
    "on the line": "class Sign(torch.autograd.Function):  # byhand: intended",
    "with other words": "class Sign(torch.autograd.Function):  # straight through; byhand: intended",
    "without spaces": "class Sign(torch.autograd.Function):#byhand:intended",
    "on the first of several lines": "class Sign(  # byhand: intended\n    torch.autograd.Function,\n):",
    "on a middle line": "class Sign(\n    torch.autograd.Function,  # byhand: intended\n):",
    "on the last line": "class Sign(\n    torch.autograd.Function,\n):  # byhand: intended",
    "with a docstring below": 'class Sign(torch.autograd.Function):  # byhand: intended\n    """Sign."""',
    "with a decorator": "@(lambda cls: cls)\nclass Sign(torch.autograd.Function):  # byhand: intended",
}
UNMARKED = {
    "nothing": "class Sign(torch.autograd.Function):",
    "another comment": "class Sign(torch.autograd.Function):  # intended",
    "in a string": 'class Sign(torch.autograd.Function):\n    words = "# byhand: intended"',
    "inside the body": "class Sign(torch.autograd.Function):\n    # byhand: intended",
    "on another class": "class Other(torch.autograd.Function):  # byhand: intended\n    pass\n\nclass Sign(torch.autograd.Function):",
}


@pytest.mark.parametrize("name", MARKED)
def test_the_comment_is_found_on_the_header(name):
    """On any line from `class` to the colon."""
    assert declared_intended(written(MARKED[name] + BODY, f"<cell {name}>")["Sign"])


@pytest.mark.parametrize("name", UNMARKED)
def test_nothing_else_declares(name):
    """Not the body, not a string, not another class."""
    assert not declared_intended(written(UNMARKED[name] + BODY, f"<unmarked {name}>")["Sign"])


def test_a_class_made_in_a_function():
    """Each of two classes of one name is read at its own place."""
    lines = ["def one():", *_indented("class Sign(torch.autograd.Function):  # byhand: intended"), "    return Sign", ""]
    lines += ["def two():", *_indented("class Sign(torch.autograd.Function):"), "    return Sign", ""]
    space = written("\n".join(lines), "<local>")

    assert declared_intended(space["one"]())
    assert not declared_intended(space["two"]())


def _indented(header):
    return [f"    {line}" for line in (header + BODY).splitlines()]


def test_a_subclass_inherits_what_its_backward_declares():
    """The declaration belongs to the backward that runs."""
    text = MARKED["on the line"] + BODY + "\n\nclass Child(Sign):\n    pass\n\n\nclass Own(Sign):\n" + BODY.lstrip("\n")
    space = written(text, "<inherited>")

    assert declared_intended(space["Child"])
    assert not declared_intended(space["Own"])


def test_the_class_of_the_backward_node_will_do():
    """What PyTorch makes of the class is as good as the class."""
    sign = written(MARKED["on the line"] + BODY, "<node>")["Sign"]
    node = sign.apply(torch.ones(2, requires_grad=True)).grad_fn

    assert declared_intended(type(node))
    assert defined_at(type(node)) == defined_at(sign)


@pytest.mark.parametrize("kind", [int, type, torch.autograd.Function, type("Made", (torch.autograd.Function,), {})])
def test_what_cannot_be_read_declares_nothing(kind):
    """No source, no Function: nothing is declared, and nothing is raised."""
    assert not declared_intended(kind)
    assert defined_at(kind) is None


def test_where_backward_is_defined():
    """The line of `def`, not of its decorators, with its text."""
    origin = defined_at(written(MARKED["on a middle line"] + BODY, "<origin>")["Sign"])

    assert (origin.file, origin.line, origin.text) == ("<origin>", 9, "def backward(ctx, grad):")


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor, *others):
        return x * factor

    @staticmethod
    def backward(ctx, grad):
        return grad, None, grad


class Separate(torch.autograd.Function):
    @staticmethod
    def forward(left, right):
        return left * right

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, grad):
        return grad, grad


@torch.library.custom_op("byhand_tests::sine", mutates_args=())
def sine(angle: torch.Tensor, scale: float) -> torch.Tensor:
    return scale * angle.sin()


def _derivative(ctx, grad):
    return grad, None


sine.register_autograd(_derivative)


def _function(tensor):
    (found,) = functions(*read_graph([tensor])).values()
    return found


def test_the_parameters_behind_the_edges():
    """An edge is a tensor, and one without a gradient has no name to give."""
    x, constant = torch.ones(2, requires_grad=True), torch.ones(2)

    assert _function(Scaled.apply(x, 2.0, x)).inputs == ("x", "others[0]")
    assert _function(Scaled.apply(constant, 2.0, x)).inputs == ("", "others[0]")
    assert _function(Separate.apply(x, constant)).inputs == ("left", "")


def test_a_custom_operator_has_its_own_name_and_backward():
    """The class that PyTorch makes for torch.library.custom_op is not what the user wrote."""
    found = _function(sine(torch.ones(2, requires_grad=True), 2.0))

    assert (found.name, found.inputs, found.backward.text) == ("byhand_tests::sine", ("angle",), "def _derivative(ctx, grad):")

"""Functions that cannot be checked, or not to the end: each is a clear error or a clear word, never a crash and never green."""

import inspect
import random
import types

import kernels
import numpy as np
import pytest
import torch

import byhand
from byhand import errors


def tensor(*shape):
    """Random numbers, the same each time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def flaky(x):
    """Another result each time."""
    return x * random.SystemRandom().random()


def in_place(x):
    """Twice its input, written into it where PyTorch does not look."""
    x.data.mul_(2)
    return x * 1


def on_a_gpu(x):
    """What PyTorch says where there is no GPU."""
    raise AssertionError("Torch not compiled with CUDA enabled")


class Broken(torch.autograd.Function):
    """Raises in its backward."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, grad):
        raise ValueError("not yet")


@pytest.mark.parametrize(
    ("function", "given", "error", "words"),
    [
        (flaky, (torch.ones(3),), errors.NotRepeatable, "flaky is not deterministic"),
        (in_place, (torch.ones(3),), errors.ChangesInput, "changes its input x"),
        (lambda x: x.add_(1), (torch.ones(3),), errors.ChangesInput, "changes its input x"),
        (lambda x: 3.0, (torch.ones(3),), errors.NoResult, "it returned float"),
        (lambda x: x.long(), (torch.ones(3),), errors.NoResult, "it returned int64 (3,)"),
        (lambda x: x[:0], (torch.ones(3),), errors.NoResult, "an empty tensor"),
        (lambda x: x.detach(), (torch.ones(3),), errors.NoPath, "no path back to x"),
        (lambda x: x * 2, (torch.arange(3),), errors.NoInput, "int64 (3,)"),
        (lambda x: x * 2, (torch.ones(0, 3),), errors.NoInput, "empty tensors"),
        (lambda x: x @ x, (torch.ones(2, 3),), errors.FunctionFailed, "forward raised RuntimeError"),
        (on_a_gpu, (torch.ones(3),), errors.FunctionFailed, "it needs a GPU"),
        (torch.add, (torch.ones(3), torch.ones(3, device="meta")), errors.FunctionFailed, "different devices"),
        (kernels.NoBackward, (torch.ones(3),), errors.FunctionFailed, "it has no backward"),
        (kernels.WrongShape, (tensor(33, 20), tensor(20)), errors.FunctionFailed, "does not have the shape of the input"),
        (lambda x: x * 2, (3.0, "text"), errors.NoInput, "float, str"),
        (lambda x: x * 2, (np.ones(3),), errors.NoInput, "torch.from_numpy(x)"),
        (torch.sin, (torch.ones(3, device="meta"),), errors.NoInput, "meta device"),
        (lambda x: x.to("meta"), (torch.ones(3),), errors.NoResult, "meta device"),
        (Broken, (torch.ones(3),), errors.FunctionFailed, "Broken.apply(...).sum().backward()"),
        ("hello", (), errors.NotATensor, "neither a tensor nor a function"),
        (None, (), errors.NotATensor, "neither a tensor nor a function"),
    ],
)
def test_bad_input_is_refused_in_words(function, given, error, words):
    """What cannot be checked is an error that says why, never a crash and never green."""
    with pytest.raises(error) as found:
        byhand.check(function, *given)

    assert words in found.value.report()


def test_values_behind_a_loss_have_names():
    """Tensors behind a loss are taken for what they are: inputs that belong behind a function."""
    with pytest.raises(errors.NotByName):
        byhand.check(torch.ones(1, requires_grad=True).sum(), torch.ones(1))


def test_nan_is_named_and_never_green():
    """A result or a gradient that is not finite is told with the place where it began; agreeing NaN proves nothing."""
    forward = byhand.check(lambda x: torch.log(x).sum(), torch.tensor([1.0, -1.0]))
    backward = byhand.check(torch.sqrt, torch.tensor([0.0, 1.0]))

    assert not forward.agrees
    assert "torch.log(x) (test_check_bad_input.py:" in str(forward.checked.odd)
    assert not backward.agrees
    assert "SqrtBackward0" in str(backward.checked.odd)
    assert "NOT FINITE" in str(forward)


def test_infinity_on_the_way_is_no_alarm():
    """A mask of −∞ before a softmax leaves everything finite that matters."""
    assert byhand.check(lambda x: x.masked_fill(x < 0, -torch.inf).softmax(-1), tensor(3, 8)).agrees


def test_a_failure_of_byhands_own_is_not_told_as_the_functions(monkeypatch):
    """What goes wrong in byhand keeps its own traceback."""
    monkeypatch.setattr("byhand.functions.recorded.made_of", lambda *_: broken_in_byhand())

    with pytest.raises(ZeroDivisionError):
        byhand.check(torch.sin, torch.ones(3))


broken_in_byhand = types.FunctionType(compile("1 / 0", inspect.getfile(byhand), "exec"), {})
"""Stands for a mistake in one of byhand's files."""


def test_a_buffer_may_be_kept_up_to_date():
    """Running statistics are written into where the input is what a gradient is wanted of."""
    x, mean, variance = tensor(5, 3).requires_grad_(), torch.zeros(3), torch.ones(3)

    story = byhand.check(lambda x, mean, variance: torch.nn.functional.batch_norm(x, mean, variance, training=True), x, mean, variance)

    assert story.agrees
    assert not mean.any()


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"odrer": 2}, errors.UnknownOption, "did you mean order=?"),
        ({"gradients": None}, errors.UnknownOption, "did you mean gradient=?"),
        ({"eps": 1e-6}, errors.UnknownOption, "delete eps="),
        ({"order": True}, errors.NoSuchOrder, "order=True"),
        ({"gradient": "x"}, errors.NotAGradient, "gradient= was given a str, not a tensor"),
        ({"gradient": [1.0, 2.0]}, errors.NotAGradient, "gradient= was given a float, not a tensor"),
        ({"weight": 2.0}, errors.UnknownName, "weight"),
    ],
    ids=str,
)
def test_bad_options_are_refused_in_words(options, error, words):
    """An option that does not exist is told from a value, and what is no gradient from one."""
    with pytest.raises(error) as found:
        byhand.check(torch.sin, tensor(3), **options)

    assert words in found.value.report()


def test_a_parameter_that_is_called_like_an_option_keeps_its_value():
    """The function's own names come first."""
    assert byhand.check(lambda eps: eps**2, torch.tensor(3.0), eps=6.0).agrees


def test_what_is_no_gradient_is_refused_for_a_loss_too():
    """The same words as for a function."""
    with pytest.raises(errors.NotAGradient):
        byhand.check(tensor(3).requires_grad_() * 2, gradient="x")

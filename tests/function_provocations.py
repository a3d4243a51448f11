"""The errors of checking one function, provoked as its author would."""

import torch
from provocations import raised, weight

import byhand
import byhand.testing


def no_input(capsys):
    """A function of integers is to be checked."""
    return raised(lambda: byhand.check(torch.neg, torch.arange(3)))


def no_input_but_an_empty_one(capsys):
    """A function is to be checked on a batch of nothing."""
    return raised(lambda: byhand.check(torch.sin, torch.zeros(0, 4)))


def no_result(capsys):
    """A function that returns a plain number."""

    def total(x):
        return x.sum().item()

    return raised(lambda: byhand.check(total, torch.ones(3)))


def no_path(capsys):
    """A function whose result does not depend on its input."""

    def half(x):
        return x.detach() / 2

    return raised(lambda: byhand.check(half, torch.ones(3)))


def changes_input(capsys):
    """A function that writes into its input."""

    def double(x):
        x.data.mul_(2)
        return x * 1

    return raised(lambda: byhand.check(double, torch.ones(3)))


def not_repeatable(capsys):
    """A function that counts its calls."""
    calls = []

    def counted(x):
        calls.append(1)
        return x * len(calls)

    return raised(lambda: byhand.check(counted, torch.ones(3)))


def function_failed(capsys):
    """A custom Function without a backward."""

    class Double(torch.autograd.Function):
        """Two times its input."""

        @staticmethod
        def forward(ctx, x):
            return 2 * x

    return raised(lambda: byhand.check(Double, torch.ones(3)))


def function_failed_in_forward(capsys):
    """A function that does not take these inputs."""
    return raised(lambda: byhand.check(torch.mm, torch.ones(2, 3), torch.ones(2, 3)))


def not_by_name(capsys):
    """An input behind a loss."""
    return raised(lambda: byhand.check(weight() ** 2, torch.ones(3)))


def not_a_gradient(capsys):
    """A list of numbers as the gradient that arrives."""
    return raised(lambda: byhand.check(torch.sin, torch.ones(2), gradient=[1.0, 2.0]))


def unknown_option(capsys):
    """A slip of the finger."""
    return raised(lambda: byhand.check(torch.sin, torch.ones(2), odrer=2))


def unknown_option_of_gradcheck(capsys):
    """A test that called gradcheck before."""
    return raised(lambda: byhand.testing.assert_gradients(torch.sin, torch.ones(2), eps=1e-6))


def no_input_but_an_array(capsys):
    """A NumPy array where a tensor belongs."""
    return raised(lambda: byhand.check(torch.sin, torch.ones(2).numpy()))


def no_input_but_a_shape(capsys):
    """A tensor without numbers."""
    return raised(lambda: byhand.check(torch.sin, torch.ones(2, device="meta")))


def neither_a_tensor_nor_a_function(capsys):
    """The name of a function instead of the function."""
    return raised(lambda: byhand.check("sin"))

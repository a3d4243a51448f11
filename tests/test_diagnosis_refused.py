"""What a custom backward must not return, and what PyTorch refuses before a pass begins."""

from collections.abc import Callable

import pytest
import torch
from failing import Program, findings, found, line_of
from torch import nn

from byhand.findings import Severity


class Scaled(torch.autograd.Function):
    """x · scale for one scale of each column; what its backward returns is put in its class."""

    answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]

    @staticmethod
    def forward(ctx, x, scale):
        """Keep both."""
        ctx.save_for_backward(x, scale)
        return x * scale

    @staticmethod
    def backward(ctx, grad):
        """What the test wants."""
        return Scaled.answer(grad, *ctx.saved_tensors)


def scaled(answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]) -> Program:
    """A program with a custom Function whose backward gives this answer."""

    def program() -> None:
        Scaled.answer = answer
        layer, scale = nn.Linear(3, 4), nn.Parameter(torch.ones(4))
        Scaled.apply(layer(torch.randn(5, 3)), scale).sum().backward()

    return program


@pytest.mark.parametrize(
    ("answer", "code", "cause"),
    [
        (lambda grad, x, scale: (grad * scale, (grad * x).sum(1)), "wrong-gradient-shape", ""),
        (lambda grad, x, scale: grad * scale, "wrong-gradient", "count"),
        (lambda grad, x, scale: (grad * scale, 1.0), "wrong-gradient", "type"),
    ],
    ids=["a sum over the wrong axis", "one too few", "a number"],
)
def test_what_a_custom_backward_must_not_return_is_told(
    answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object], code: str, cause: str
) -> None:
    """The weight that gets its gradient there, and the place of the backward."""
    finding = found(scaled(answer), code)

    assert (finding.cause, "Scaled.backward" in finding.what) == (cause, True)
    assert finding.subject == "scale"


class Product(torch.autograd.Function):
    """left @ right, whose backward forgets to transpose."""

    @staticmethod
    def forward(ctx, left, right):
        """Keep both."""
        ctx.save_for_backward(left, right)
        return left @ right

    @staticmethod
    def backward(ctx, grad):
        """Shapes that do not go together."""
        left, right = ctx.saved_tensors
        return grad @ right, left.T @ grad


def test_shapes_that_do_not_fit_inside_a_backward_are_told() -> None:
    """The line inside the backward, and the shapes of its tensors."""

    def program() -> None:
        weight = nn.Parameter(torch.ones(3, 4))
        Product.apply(torch.ones(5, 3, requires_grad=True), weight).sum().backward()

    finding = found(program, "wrong-gradient-shape")

    assert line_of(finding) == "return grad @ right, left.T @ grad"
    assert "grad (5, 4), left (5, 3), right (3, 4)" in finding.why


def not_a_scalar() -> None:
    """Backward of four numbers."""
    loss = nn.Linear(3, 1)(torch.randn(4, 3)).square()
    loss.backward()


def test_a_loss_with_several_elements_is_told() -> None:
    """Its name, its shape, and the line."""
    finding = found(not_a_scalar, "not-a-scalar")

    assert (finding.subject, line_of(finding)) == ("loss", "loss.backward()")
    assert "(4, 1)" in finding.what


def test_a_given_gradient_of_another_shape_is_told() -> None:
    """Both shapes."""

    def program() -> None:
        loss = nn.Linear(3, 1)(torch.randn(4, 3))
        loss.backward(torch.ones(4))

    finding = found(program, "wrong-gradient-shape")

    assert (finding.subject, finding.cause) == ("loss", "given")


def test_a_tensor_that_is_not_in_the_graph_is_named() -> None:
    """What torch.autograd.grad was asked for and has no part in the loss."""

    def program() -> None:
        used, unused = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
        torch.autograd.grad((used * 2).sum(), [used, unused])

    assert [each.subject for each in findings(program) if each.severity is Severity.ERROR] == ["unused"]

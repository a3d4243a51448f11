"""The derivative of a gamma draw against the distribution function itself: PyTorch's own is an approximation."""

from dataclasses import replace

import pytest
import torch

import byhand
from byhand.rules.gamma import APPROXIMATED, draw_by_shape
from byhand.rules.table import TABLE

SHAPES = [0.05, 0.3, 1.0, 2.5, 7.9, 8.1, 60.0, 1_000.0]


def drawn(shape):
    """A hundred draws of one shape, and the shape for each of them."""
    torch.manual_seed(5)
    shapes = torch.full((100,), shape, dtype=torch.float64)
    return shapes, torch._standard_gamma(shapes)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_draw_stays_at_its_quantile(shape):
    """Moved along the derivative, the draw stays where the same part of the distribution lies below it."""
    shapes, draws = drawn(shape)
    step = 1e-3 * shape

    below = [torch.special.gammainc(shapes + times * step, draws) for times in (-2, -1, 1, 2)]
    by_shape = (8 * (below[2] - below[1]) - (below[3] - below[0])) / (12 * step)
    density = torch.exp((shapes - 1) * torch.log(draws) - draws - torch.lgamma(shapes))

    slope = draw_by_shape(shapes, draws)
    torch.testing.assert_close(slope, -by_shape / density, rtol=1e-6, atol=0)
    assert not torch.allclose(1.001 * slope, -by_shape / density, rtol=1e-6, atol=0)


@pytest.mark.parametrize("shape", SHAPES)
def test_pytorch_is_as_accurate_as_said(shape):
    """PyTorch's approximation is off by no more than the rule allows for."""
    shapes, draws = drawn(shape)
    leaf = shapes.clone().requires_grad_()
    torch.manual_seed(5)
    theirs = torch.autograd.grad(torch._standard_gamma(leaf).sum(), leaf)[0]

    torch.testing.assert_close(theirs, draw_by_shape(shapes, draws), rtol=APPROXIMATED, atol=0)


def report():
    """The report on a loss of draws whose shape and rate are learned."""
    torch.manual_seed(5)
    shape, rate = (torch.nn.Parameter(torch.rand(50, dtype=torch.float64) + 0.5) for _ in range(2))
    return str(byhand.check(torch.distributions.Gamma(shape, rate).rsample().log().square().sum()))


def test_the_approximation_is_no_difference():
    """A draw is judged by what PyTorch's approximation can do, and so is the leaf behind it."""
    assert " 0 not compared, ✓ none differs" in report()


def test_more_than_the_approximation_is_a_difference(monkeypatch):
    """A derivative that is 2 % off is found all the same."""
    key = ("StandardGammaBackward0", 0)
    (rule,) = TABLE[key]
    monkeypatch.setitem(TABLE, key, [replace(rule, function=lambda *operands: rule.function(*operands) * 1.02)])

    assert "✗ 1 differs" in report()

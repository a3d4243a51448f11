"""Where PyTorch's own backward is not the slope of its forward: byhand's rule is, and the difference is meant to show."""

import pytest
import torch
from rule_examples import by_our_chain

import byhand

CASES = {
    "det of a singular matrix": (
        torch.linalg.det,
        torch.tensor([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 5.0]], dtype=torch.float64),
    ),
    "index_add with a complex alpha": (
        lambda source: torch.zeros(3, dtype=source.dtype).index_add(0, torch.tensor([1, 1]), source, alpha=2 + 1j).imag.sum(),
        torch.tensor([1 + 2j, 3 - 1j], dtype=torch.complex128),
    ),
    "as_strided_scatter": (
        lambda base: (torch.as_strided_scatter(base, torch.ones(2, 3, dtype=base.dtype), (2, 3), (4, 1), 1) ** 2).sum(),
        torch.arange(12, dtype=torch.float64).reshape(3, 4),
    ),
}


def slopes(function, at):
    """The derivative by every element (by its real and imaginary part), from central differences."""
    found = torch.zeros_like(at)
    for place in range(at.numel()):
        for unit in (1, 1j) if at.is_complex() else (1,):
            step = torch.zeros_like(at).flatten()
            step[place] = 1e-5 * unit
            difference = function(at + step.reshape(at.shape)) - function(at - step.reshape(at.shape))
            found.view(-1)[place] += unit * difference.item() / 2e-5
    return found


@pytest.mark.parametrize("case", CASES)
def test_our_rule_is_the_slope(case):
    """By hand, the gradient is what central differences measure."""
    function, at = CASES[case]
    leaf = at.clone().requires_grad_()

    [(_, by_hand)] = by_our_chain([function(leaf)], [torch.ones((), dtype=torch.float64)])

    torch.testing.assert_close(by_hand, slopes(function, at), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("case", CASES)
def test_pytorch_is_not(case):
    """PyTorch's gradient is another one; when this fails, PyTorch has been mended and the case can go."""
    function, at = CASES[case]
    leaf = at.clone().requires_grad_()

    function(leaf).backward()

    assert not torch.allclose(leaf.grad, slopes(function, at), rtol=1e-3)


def test_hardsigmoid_is_a_sixth_and_not_a_sixth_in_float32():
    """The slope is 1/6 to the last bit in double precision; PyTorch's backward has the constant of single precision."""
    leaf = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True)
    loss = torch.nn.functional.hardsigmoid(leaf).sum()

    story = byhand.check(loss)
    loss.backward()

    assert story.differs
    assert story.passes[0].leaves[0].by_hand.data == [1 / 6, 1 / 6]
    assert leaf.grad.tolist() != [1 / 6, 1 / 6]


def test_matrix_exp_in_bfloat16_is_not_a_number():
    """Of a matrix of norm 2 PyTorch's exponential and its gradient are infinite or NaN in bfloat16; by hand it is what float32 gives."""
    at = torch.tensor([[2.0, 1.0], [0.5, -2.0]], dtype=torch.bfloat16)
    leaf, wide = at.clone().requires_grad_(), at.float().requires_grad_()
    torch.linalg.matrix_exp(leaf).sum().backward()
    torch.linalg.matrix_exp(wide).sum().backward()

    [(_, by_hand)] = by_our_chain([torch.linalg.matrix_exp(at.requires_grad_())], [torch.ones(2, 2, dtype=torch.bfloat16)])

    assert not leaf.grad.isfinite().any()
    torch.testing.assert_close(by_hand.float(), wide.grad, rtol=0.02, atol=0.02)

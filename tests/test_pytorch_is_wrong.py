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
HALVES = (torch.bfloat16, torch.float16)


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


@pytest.mark.parametrize("dtype", HALVES, ids=str)
def test_matrix_exp_in_half_types_is_not_a_number(dtype):
    """Of a matrix of norm 2 PyTorch's exponential and its gradient are infinite or NaN in half types; by hand it is what float32 gives."""
    by_torch, by_hand, wide = thrice(torch.linalg.matrix_exp, torch.tensor([[2.0, 1.0], [0.5, -2.0]]), dtype)

    assert not by_torch.isfinite().any()
    torch.testing.assert_close(by_hand, wide, rtol=0.02, atol=0.02)


@pytest.mark.parametrize(("dtype", "least"), [(torch.bfloat16, 256), (torch.float16, 2048)], ids=str)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_a_pixel_s_long_sum_stands_still_in_half_types(dimensions, dtype, least):
    """4,000 samples of one pixel have the gradient 4,000; in half types PyTorch stops at the first number that 1 does not change."""
    grid = torch.zeros(1, *[1] * (dimensions - 1), 4000, dimensions)

    def sampled(pixel):
        return torch.nn.functional.grid_sample(pixel, grid.to(pixel.dtype), align_corners=True)

    by_torch, by_hand, wide = thrice(sampled, torch.ones(1, 1, *[1] * dimensions), dtype)

    assert by_torch.item() == least
    assert by_hand.item() == pytest.approx(wide.item(), rel=0.01) == 4000


def test_a_sample_reads_another_pixel_in_bfloat16():
    """Between pixels 749 and 750 PyTorch's nearest is 752, since the place is worked in bfloat16."""
    grid = torch.tensor([[[[0.5, 0.0]]]])

    def sampled(row):
        return torch.nn.functional.grid_sample(row, grid.to(row.dtype), mode="nearest", align_corners=True)

    by_torch, by_hand, wide = thrice(sampled, torch.arange(1000.0).reshape(1, 1, 1, 1000), torch.bfloat16)

    assert [each.flatten().argmax().item() for each in (by_torch, by_hand, wide)] == [752, 749, 749]


@pytest.mark.parametrize(("dtype", "margin"), [(torch.float16, 12.0), (torch.float32, 90.0)], ids=str)
def test_soft_margin_loss_of_a_large_margin_is_not_a_number(dtype, margin):
    """The slope there is 1; PyTorch divides infinity by infinity."""
    by_torch, by_hand, _ = thrice(lambda x: torch.nn.functional.soft_margin_loss(x, -torch.ones_like(x)), torch.tensor([margin]), dtype)

    assert by_torch.isnan().all()
    torch.testing.assert_close(by_hand, torch.ones(1), rtol=1e-3, atol=0)


def test_powers_of_a_norm_overflow_in_float16():
    """Of a small element's part in a norm of order -1 the gradient is 1; in float16 PyTorch's is infinite."""
    by_torch, by_hand, wide = thrice(lambda x: torch.linalg.vector_norm(x, -1), torch.tensor([0.003, 2.0]), torch.float16)

    assert by_torch[0] == float("inf")
    torch.testing.assert_close(by_hand[0], wide[0], rtol=0.01, atol=0)


def test_powers_of_a_distance_overflow_in_float16():
    """The distance of order 4 between two vectors 44 apart has a gradient of size 1; in float16 PyTorch's is zero."""
    by_torch, by_hand, wide = thrice(lambda x: torch.dist(x, torch.zeros_like(x), 4), torch.tensor([30.0, 40.0, 2.0]), torch.float16)

    assert by_torch.tolist() == [0, 0, 0]
    torch.testing.assert_close(by_hand, wide, rtol=0.02, atol=1e-6)


def test_the_gradient_of_a_product_overflows_in_float16():
    """A hundredth of 200 by 400 by 2 has gradients up to 800; in float16 PyTorch divides the product, which is infinite."""
    by_torch, by_hand, wide = thrice(lambda x: x.prod(0) * 0.01, torch.tensor([200.0, 400.0, 2.0]), torch.float16)

    assert by_torch.isinf().all()
    torch.testing.assert_close(by_hand, wide, rtol=1e-3, atol=0)


def test_logcumsumexp_of_a_large_element_is_lost_in_float16():
    """The first of two elements far above the other gets both gradients, 1 and 1; in float16 PyTorch's logarithms have no such digits."""
    by_torch, _, wide = thrice(lambda x: x.logcumsumexp(0), torch.tensor([10_000.0, 1.0]), torch.float16)

    torch.testing.assert_close(wide, torch.tensor([2.0, 0.0]), rtol=1e-3, atol=0)
    assert by_torch[0] != 2


def thrice(function, at, dtype):
    """The gradient of the sum of what the function gives: PyTorch's in the dtype, ours in it, and PyTorch's in float32."""
    leaf, wide = at.clone().to(dtype).requires_grad_(), at.clone().requires_grad_()
    function(wide).sum().backward()
    function(leaf).sum().backward()
    output = function(leaf)
    [(_, by_hand)] = by_our_chain([output], [torch.ones_like(output)])
    return leaf.grad, by_hand.float(), wide.grad

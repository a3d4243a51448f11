"""The floor that rounding is measured to have: it excuses what PyTorch's rounding does, and no more than is said here."""

import pytest
import torch
from planted import wrong_rules
from zoo import GRAPHS

import byhand
from byhand.comparison import compare, unit
from byhand.results import Verdict
from byhand.rounding import spread
from byhand.rules.table import TABLE
from byhand.value import Value, magnitude

PLACE = "MulBackward0", 0


def product():
    """A loss of a hundred products in bfloat16."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(100, generator=generator).bfloat16() for _ in range(2))
    return (left.requires_grad_() * right).float().square().sum()


def test_a_sample_outside_the_domain_does_not_hide_the_others():
    """Close to 1 some roundings leave erfinv's domain; what the others move stays known, and which elements got lost."""
    edge = torch.tensor([0.99609375, 0.5], dtype=torch.bfloat16)

    def work(change):
        moved = change(edge)
        return lambda: torch.erfinv(moved)

    *_, last = spread(work, 2.0**-8)

    assert last.elements.isfinite().all()
    assert (last.elements > 0).all()
    assert last.lost.tolist() == [True, False]


def test_a_complex_summary_has_a_size():
    """Without a range there is the norm: the largest element is at least the root mean square."""
    assert magnitude(Value((100,), "complex128", norm=20.0)) == pytest.approx(2.0)


def test_rounding_does_not_change_a_complex_pseudo_inverse():
    """What rounding moves of it is of the size of rounding: conjugate views inside are seen as such."""
    matrix = torch.randn(3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.complex128)

    def work(change):
        moved = change(matrix)
        return lambda: torch.linalg.pinv(moved)

    *_, last = spread(work, 2.0**-53)

    assert 0 < last.largest() < 1e-12


def test_five_percent_of_a_whole_tensor_differ_in_bfloat16(monkeypatch):
    """One factor that is 5 % off in every element is seen, and without it nothing differs."""
    right = byhand.check(product())
    monkeypatch.setitem(TABLE, PLACE, wrong_rules(TABLE[PLACE], 5e-2))

    assert not right.differs
    assert byhand.check(product()).differs


def test_one_element_a_quarter_off_differs_in_bfloat16():
    """In a product of a hundred elements one that PyTorch had wrong by a quarter is seen, and all others excused."""
    draws = (torch.randn(100, generator=torch.Generator().manual_seed(seed), dtype=torch.float32) for seed in (0, 1))
    grad, other = (each.abs().add(1).bfloat16() for each in draws)
    wrong = grad * other
    wrong[3] *= 5 / 4

    def work(change):
        operands = change(grad), change(other)
        return lambda: operands[0] * operands[1]

    ours = (grad.float() * other.float()).bfloat16()
    right = compare(ours, grad * other, unit(ours.dtype), noise=lambda: spread(work, unit(ours.dtype)))
    found = compare(ours, wrong, unit(ours.dtype), noise=lambda: spread(work, unit(ours.dtype)))

    assert right.verdict is Verdict.AGREES
    assert (found.verdict, found.wrong, found.where) == (Verdict.DIFFERS, 1, (3,))


@pytest.mark.parametrize("seed", range(1, 7))
def test_a_bias_before_a_batch_norm_is_no_alarm(seed):
    """Its gradient is a sum of thousands of terms that cancel: what is left is the rounding of the partial sums."""
    torch.manual_seed(seed)

    assert not byhand.check(GRAPHS["convnet_bn"]()).differs

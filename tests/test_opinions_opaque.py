"""Second opinions on forwards that cannot be looked into: differences by their structure, or random probes."""

import numpy as np
import pytest
import torch
from opinion_functions import judged, opaque, verdicts

import byhand
from byhand.results import Verdict


def softmax(value):
    """Softmax over the last dimension, in np."""
    powers = np.exp(value - value.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def softmax_backward(grad, value):
    """Its derivative."""
    share = value.softmax(-1)
    return share * (grad - (grad * share).sum(-1, keepdim=True))


def relu(value):
    """A function with a kink, in np."""
    return np.maximum(value, 0)


OPAQUE = {
    "elementwise": (np.sin, lambda grad, value: grad * value.cos()),
    "by rows": (softmax, softmax_backward),
    "by columns": (lambda value: softmax(value.T).T.copy(), lambda grad, value: softmax_backward(grad.T, value.T).T),
    "sum": (lambda value: value.sum(0), lambda grad, value: grad.expand_as(value)),
    "kink": (relu, lambda grad, value: grad * (value > 0)),
    "rolled": (lambda value: np.roll(value, 1), lambda grad, value: grad.flatten().roll(-1).view_as(value)),
}


@pytest.mark.parametrize("name", OPAQUE)
def test_an_opaque_forward_is_judged_by_differences(name):
    """A right one agrees, whatever its structure, in both precisions."""
    function, slope = OPAQUE[name]
    for dtype in (torch.float64, torch.float32):
        found, made = judged(opaque(function, slope).apply, dtype=dtype)

        assert verdicts(found) == {Verdict.AGREES}
        assert {each.opinion for each in found} == {"difference"}
        assert made.leaves[0].comparison.verdict is Verdict.AGREES


@pytest.mark.parametrize("name", OPAQUE)
def test_one_wrong_element_of_an_opaque_function_is_found(name):
    """All elements are compared, so one is enough."""
    function, slope = OPAQUE[name]

    def wrong(grad, value):
        given = slope(grad, value).clone(memory_format=torch.contiguous_format)
        given.view(-1)[given.abs().argmax()] *= 1.01
        return given

    found, made = judged(opaque(function, wrong).apply)

    assert verdicts(found) == {Verdict.DIFFERS}
    assert (found[0].comparison.wrong, made.leaves[0].comparison.verdict) == (1, Verdict.DIFFERS)


def test_a_large_mixing_forward_is_probed_at_random_and_says_how_well():
    """Where every output depends on every input, directions of random signs are compared, and their power is told."""
    matrix = torch.randn(600, 600, generator=torch.Generator().manual_seed(0))

    def multiplied(value):
        return value @ matrix.numpy()

    right, _ = judged(opaque(multiplied, lambda grad, value: grad @ matrix.T).apply, shape=(4, 600))
    wrong, _ = judged(opaque(multiplied, lambda grad, value: grad @ matrix.T * 1.01).apply, shape=(4, 600))

    assert (verdicts(right), verdicts(wrong)) == ({Verdict.AGREES}, {Verdict.DIFFERS})
    assert "random probes" in right[0].comparison.reason


def test_an_opaque_forward_that_keeps_state_leaves_it_as_it_was():
    """The attributes of the class and the variables of the module are put back after each further call."""

    class Counting(opaque(np.sin, lambda grad, value: grad * value.cos())):
        calls = 0

        @staticmethod
        def forward(ctx, value):
            Counting.calls += 1
            ctx.save_for_backward(value)
            return torch.from_numpy(np.sin(value.detach().numpy()))

    weight = torch.randn(5, requires_grad=True)
    with byhand.record() as run:
        Counting.apply(weight).sum().backward()

    assert Counting.calls == 1
    assert run.check().agrees


def test_a_forward_that_gives_something_else_each_time_is_not_compared():
    """It says so; it is not called right, nor wrong."""
    generator = np.random.default_rng(0)
    found, _ = judged(opaque(lambda value: value * generator.random(), lambda grad, value: grad).apply)

    assert verdicts(found) == {Verdict.NOT_COMPARED}
    assert "something else" in found[0].comparison.reason


def test_a_forward_that_draws_random_numbers_out_of_sight_is_not_compared():
    """A sample of a Beta distribution is made by rejection: how it moves with its parameters no difference shows."""
    weight = torch.rand(4, dtype=torch.float64).add(0.5).requires_grad_()
    with byhand.record() as run:
        torch.distributions.Beta(weight, weight + 1).rsample().sum().backward()

    (made,) = run.passes
    assert (made.coverage.not_compared, made.coverage.differ) == (1, 0)
    assert "draws random numbers" in next(iter(made.coverage.reasons))


@pytest.mark.parametrize(("at", "right"), [(0.0, 0.0), (0.0, 1.0), (1e-9, 1.0)])
def test_an_opaque_kink_takes_either_side(at, right):
    """Exact zeros before a maximum: 0 and 1 are both right there; close to it only one is."""
    function = opaque(relu, lambda grad, value: torch.where(value == at, grad * right, grad * (value > 0)))
    weight = torch.tensor([at, 1.0, -1.0, at, 2.0], dtype=torch.float64, requires_grad=True)
    with byhand.record() as run:
        function.apply(weight).sum().backward()

    assert run.check().agrees


def test_a_step_that_leads_out_of_the_domain_is_no_fault():
    """Small numbers beside large ones before a logarithm: the step is taken by their own size."""
    weight = torch.softmax(torch.randn(8, 10, generator=torch.Generator().manual_seed(0)) * 6, -1).requires_grad_()
    with byhand.record() as run:
        opaque(np.log, lambda grad, value: grad / value).apply(weight).sum().backward()

    (made,) = run.check().passes
    assert made.coverage.differ == 0


def test_one_element_that_all_others_depend_on_is_seen():
    """Division by the largest element, wherever it stands, mixes all of them."""

    def slope(grad, value):
        largest = value.abs().max()
        sent = grad / largest
        place = value.abs().argmax()
        sent[place] -= (grad * value).sum() / largest**2 * value[place].sign()
        return sent

    for place in (0, 26, 37, 63):
        weight = torch.rand(64, generator=torch.Generator().manual_seed(place)) * 0.5
        weight[place] = 2.0
        weight.requires_grad_()
        with byhand.record() as run:
            (opaque(lambda value: value / np.abs(value).max(), slope).apply(weight) ** 3).sum().backward()
        assert run.check().agrees


class Pair(torch.autograd.Function):
    """Two results of different shapes, both numpy's: every element squared, and the sum of all."""

    factor = 1.0

    @staticmethod
    def forward(ctx, value):
        """Nothing of it can be followed."""
        ctx.save_for_backward(value)
        numbers = value.detach().numpy()
        return torch.from_numpy(np.square(numbers)), torch.tensor(numbers.sum())

    @staticmethod
    def backward(ctx, first, second):
        """Both parts."""
        (value,) = ctx.saved_tensors
        return 2 * value * first + second * Pair.factor


@pytest.mark.parametrize(("factor", "agrees"), [(1.0, True), (0.9, False)])
def test_results_of_different_shapes_are_not_mixed_up(monkeypatch, factor, agrees):
    """Each is summed up by itself."""
    monkeypatch.setattr(Pair, "factor", factor)
    weight = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    with byhand.record() as run:
        squares, total = Pair.apply(weight)
        (squares.sum() + total * 3).backward()

    assert run.check().agrees is agrees

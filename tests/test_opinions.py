"""Second opinions: nodes without a rule are judged by the operations of their own forward, or by differences of it."""

import gc
import weakref

import numpy as np
import pytest
import torch

import byhand
from byhand.results import Verdict

COUNTS = {"forward": 0, "backward": 0}


class Cube(torch.autograd.Function):
    """value³ · scale; `factor` is 3 where it is right."""

    factor = 3.0
    last = None

    @staticmethod
    def forward(ctx, value, scale):
        """Counts its calls, and keeps its input on the class."""
        COUNTS["forward"] += 1
        Cube.last = value.detach()
        ctx.save_for_backward(value)
        ctx.scale = scale
        return value**3 * scale

    @staticmethod
    def backward(ctx, grad):
        """Counts its calls."""
        COUNTS["backward"] += 1
        (value,) = ctx.saved_tensors
        return grad * Cube.factor * value**2 * ctx.scale, None


class Filled(torch.autograd.Function):
    """Writes its result piece by piece."""

    @staticmethod
    def forward(ctx, left, right):
        """Three ways of writing into a tensor."""
        result = torch.empty_like(left)
        result[0] = left[0] * right[1]
        result[1].copy_(right[0].sin())
        result[0] += left[1]
        torch.mul(left[1], 2.0, out=result[2])
        ctx.save_for_backward(left, right)
        return result

    @staticmethod
    def backward(ctx, grad):
        """By hand."""
        left, right = ctx.saved_tensors
        first = torch.stack([grad[0] * right[1], grad[0] + 2 * grad[2], torch.zeros_like(grad[0])])
        return first, torch.stack([grad[1] * right[0].cos(), grad[0] * left[0], torch.zeros_like(grad[0])])


class Noisy(torch.autograd.Function):
    """Dropout written by hand."""

    @staticmethod
    def forward(ctx, value):
        """Draws a mask."""
        mask = torch.rand_like(value) < 0.5
        ctx.save_for_backward(mask)
        return value * mask * 2

    @staticmethod
    def backward(ctx, grad):
        """By the same mask."""
        (mask,) = ctx.saved_tensors
        return grad * mask * 2


def opaque(function, slope):
    """A Function whose forward is numpy's: nothing of it can be followed."""

    class Opaque(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            ctx.save_for_backward(value)
            return torch.from_numpy(np.asarray(function(value.detach().numpy())))

        @staticmethod
        def backward(ctx, grad):
            (value,) = ctx.saved_tensors
            return slope(grad, value)

    return Opaque


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


def judged(build, *, dtype=torch.float32, shape=(3, 5)):
    """The contributions of the custom nodes in a recorded pass, and the verdicts of the weights."""
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=dtype, requires_grad=True)
    with byhand.record() as run:
        result = build(weight)
        result.backward(torch.randn_like(result))
    assert not run.session.recorder.failures
    (made,) = run.passes
    nodes = {"CubeBackward", "FilledBackward", "NoisyBackward", "OpaqueBackward", "CopySlices"}
    found = [each for step in made.steps if step.op in nodes or step.op.startswith("GeneratedBackwardFor") for each in step.contributions]
    return found, made


def verdicts(contributions):
    """The verdicts of some contributions."""
    return {each.comparison.verdict for each in contributions}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize(
    "build",
    [lambda weight: Cube.apply(weight * 2, 0.5), lambda weight: Filled.apply(weight, weight * 2), Noisy.apply],
    ids=["cube", "filled", "noisy"],
)
def test_a_right_function_agrees_by_the_operations_of_its_forward(build, dtype):
    """Its forward is written down, run again and differentiated by our rules; nothing is left to PyTorch's word."""
    found, made = judged(build, dtype=dtype)

    assert found
    assert verdicts(found) == {Verdict.AGREES}
    assert {each.opinion for each in found} == {"operations"}
    assert all(leaf.comparison.verdict is Verdict.AGREES for leaf in made.leaves)
    assert not made.coverage.not_compared


@pytest.mark.parametrize("factor", [-3.0, 2.99, 0.0, 1.0])
def test_a_wrong_factor_is_found_at_the_function(monkeypatch, factor):
    """The Function differs, and so does the weight behind it."""
    monkeypatch.setattr(Cube, "factor", factor)

    found, made = judged(lambda weight: Cube.apply(weight * 2, 0.5).exp())

    assert verdicts(found) == {Verdict.DIFFERS}
    assert made.coverage.differ == 1
    assert made.leaves[0].comparison.verdict is Verdict.DIFFERS


def test_neither_forward_nor_backward_is_called_again_where_the_forward_can_be_followed():
    """A recorded run calls the program's own code as often as it would without us, and leaves its state as it was."""
    COUNTS.update(forward=0, backward=0)

    judged(lambda weight: Cube.apply(weight, 0.5))

    assert COUNTS == {"forward": 1, "backward": 1}


def test_random_numbers_go_on_as_if_nobody_had_looked():
    """The forward is repeated with its own random numbers, and the program's generator does not move."""
    torch.manual_seed(0)
    weight = torch.randn(3, 5, requires_grad=True)
    Noisy.apply(weight).sum().backward()
    expected = torch.rand(3)
    torch.manual_seed(0)
    weight = torch.randn(3, 5, requires_grad=True)
    with byhand.record():
        Noisy.apply(weight).sum().backward()

    assert torch.equal(torch.rand(3), expected)


def test_nothing_of_the_written_forward_outlives_the_graph():
    """What was copied for the judgement goes when the graph goes."""
    with byhand.record():
        weight = torch.randn(4, requires_grad=True)
        middle = weight * 2
        result = Cube.apply(middle, 1.0)
        result.sum().backward()
        references = [weakref.ref(result), weakref.ref(middle), weakref.ref(weight)]
    del weight, middle, result
    Cube.last = None
    gc.collect()

    assert not [each for each in references if each() is not None]


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


VIEWS = {
    "row": lambda base, value: base[0].copy_(value[0]),
    "setitem": lambda base, value: base.__setitem__(0, value[0]),
    "slice": lambda base, value: base.__setitem__((slice(None), slice(1, 3)), value[:, :2]),
    "broadcast": lambda base, value: base.__setitem__(slice(None, 2), value[:1]),
    "mul": lambda base, value: base[1].mul_(3.0),
    "exp": lambda base, value: base[1].exp_(),
    "add": lambda base, value: base.view(-1)[2:7].add_(value.reshape(-1)[:5], alpha=2.0),
    "augmented": lambda base, value: base[0].__iadd__(value[1]),
    "transposed": lambda base, value: base.t()[1].sub_(value[:, 0]),
    "fill": lambda base, value: base[:, 0].fill_(2.0),
    "masked": lambda base, value: base[0].masked_fill_(value[0].detach() > 0, 1.0),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_write_into_a_view_is_judged(name):
    """CopySlices hides what was written; the recorded call tells."""

    def build(weight):
        base = weight * 1.5
        VIEWS[name](base, weight.sin())
        return base * base

    found, made = judged(build)

    assert found
    assert verdicts(found) == {Verdict.AGREES}
    assert made.leaves[0].comparison.verdict is Verdict.AGREES


def test_a_custom_operator_is_judged_by_what_it_is_made_of():
    """torch.library.custom_op, with a right backward and a wrong one."""
    for factor, expected in ((2.0, Verdict.AGREES), (2.1, Verdict.DIFFERS)):
        name = f"byhand_tests::square{int(factor * 10)}"

        @torch.library.custom_op(name, mutates_args=())
        def square(value: torch.Tensor) -> torch.Tensor:
            return value * value

        square.register_autograd(
            lambda ctx, grad, factor=factor: grad * factor * ctx.saved_tensors[0],
            setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs),
        )
        found, _ = judged(square)

        assert verdicts(found) == {expected}


def test_an_unrecorded_graph_is_judged_where_the_inputs_are_certain(monkeypatch):
    """check(loss) calls the forward once more, without a graph, and puts its state back."""
    COUNTS.update(forward=0, backward=0)
    weight = torch.randn(3, 5, requires_grad=True)
    scaled = Filled.apply(weight, weight * 2)

    assert byhand.check(scaled.sum()).agrees
    monkeypatch.setattr(Filled, "backward", staticmethod(lambda ctx, grad: (grad, grad)))
    assert byhand.check(scaled.sum()).passes[0].coverage.differ == 1


def test_a_declared_difference_is_intended():
    """A straight-through estimator says so on its class line; the verdict is neither right nor wrong."""

    class Rounded(torch.autograd.Function):  # byhand: intended
        @staticmethod
        def forward(ctx, value):
            return value.round()

        @staticmethod
        def backward(ctx, grad):
            return grad

    weight = torch.randn(5, requires_grad=True)
    with byhand.record() as run:
        (Rounded.apply(weight * 3) ** 2).sum().backward()

    (made,) = run.check().passes
    assert [each.comparison.verdict for step in made.steps if step.op == "RoundedBackward" for each in step.contributions] == [
        Verdict.INTENDED
    ]
    assert made.leaves[0].comparison.verdict is Verdict.AGREES
    assert (made.coverage.intended, made.coverage.differ) == (1, 0)

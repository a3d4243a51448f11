"""Second opinions: nodes without a rule are judged by the operations of their own forward."""

import gc
import weakref

import pytest
import torch
from opinion_functions import COUNTS, Cube, Filled, Noisy, judged, verdicts

import byhand
from byhand.results import Verdict


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


class Rectified(torch.autograd.Function):
    """ReLU with the other value at 0; `slope` is what is sent to negative elements."""

    slope = 0.0

    @staticmethod
    def forward(ctx, value):
        """PyTorch's derivative of it is 0 at 0."""
        ctx.save_for_backward(value)
        return torch.relu(value)

    @staticmethod
    def backward(ctx, grad):
        """The other one: 1 at 0."""
        (value,) = ctx.saved_tensors
        return torch.where(value >= 0, grad, grad * Rectified.slope)


class Largest(torch.autograd.Function):
    """The largest element of each row; its gradient is shared by all that are equally large."""

    @staticmethod
    def forward(ctx, value):
        """PyTorch's derivative of it goes to one of them."""
        ctx.save_for_backward(value)
        return value.max(-1).values

    @staticmethod
    def backward(ctx, grad):
        """To each its share."""
        (value,) = ctx.saved_tensors
        most = (value == value.amax(-1, keepdim=True)).to(grad.dtype)
        return grad.unsqueeze(-1) * most / most.sum(-1, keepdim=True)


@pytest.mark.parametrize("function", [Rectified, Largest])
def test_at_a_kink_any_value_between_the_two_sides_is_right(function):
    """Zeros before a ReLU and ties before a maximum are no fault; the verdict says how many there are."""
    weight = torch.tensor([[0.0, -1.0, 2.0, 2.0, 0.0], [1.0, 1.0, 0.0, -3.0, 1.0]], requires_grad=True)
    with byhand.record() as run:
        (function.apply(weight) * torch.tensor(1.5)).sum().backward()

    (made,) = run.passes
    (judged_one,) = (each for step in made.steps for each in step.contributions if each.opinion)
    assert judged_one.comparison.verdict is Verdict.AGREES
    assert "kink" in judged_one.comparison.reason
    assert made.leaves[0].comparison.verdict is Verdict.AGREES


def test_a_wrong_slope_beside_a_kink_is_found(monkeypatch):
    """What is excused at 0 is excused nowhere else."""
    monkeypatch.setattr(Rectified, "slope", 0.1)
    weight = torch.tensor([0.0, -1.0, 2.0, -0.5], requires_grad=True)
    with byhand.record() as run:
        Rectified.apply(weight).sum().backward()

    assert run.passes[0].coverage.differ == 1


class Narrow(torch.autograd.Function):
    """A sum of squares that is worked in float32, whatever comes in."""

    @staticmethod
    def forward(ctx, value):
        """In float32."""
        ctx.save_for_backward(value)
        return value.float().square().mean(-1).to(value.dtype)

    @staticmethod
    def backward(ctx, grad):
        """In float32 too."""
        (value,) = ctx.saved_tensors
        return (grad.float().unsqueeze(-1) * 2 * value.float() / value.shape[-1]).to(value.dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_a_forward_that_works_in_a_coarser_dtype_is_held_to_that(dtype):
    """In a float64 program a kernel of float32 is right to float32."""
    found, made = judged(lambda weight: Narrow.apply(weight / 3), dtype=dtype, shape=(40, 70))

    assert verdicts([each for step in made.steps for each in step.contributions if each.opinion]) == {Verdict.AGREES}
    assert made.leaves[0].comparison.verdict is Verdict.AGREES
    assert not found


class Product(torch.autograd.Function):
    """A product that may be given one tensor twice."""

    @staticmethod
    def forward(ctx, left, right):
        """As query and key of an attention may be one tensor."""
        ctx.save_for_backward(left, right)
        return left * right

    @staticmethod
    def backward(ctx, grad):
        """Right for both."""
        left, right = ctx.saved_tensors
        return grad * right * Product.factor, grad * left

    factor = 1.0


@pytest.mark.parametrize(("factor", "expected"), [(1.0, Verdict.AGREES), (1.1, Verdict.DIFFERS)])
def test_a_tensor_given_twice_is_judged_by_the_sum(monkeypatch, factor, expected):
    """Which of its two gradients is which cannot be told; the sum can."""
    monkeypatch.setattr(Product, "factor", factor)
    weight = torch.randn(4, requires_grad=True)
    with byhand.record() as run:
        value = weight * 2
        Product.apply(value, value).sum().backward()

    (made,) = run.passes
    assert verdicts([each for step in made.steps for each in step.contributions if each.opinion]) == {expected}
    assert made.leaves[0].comparison.verdict is expected


class Identity(torch.autograd.Function):
    """Gives its input back."""

    @staticmethod
    def forward(ctx, value):
        """As it is."""
        return value

    @staticmethod
    def backward(ctx, grad):
        """As it is."""
        return grad


class Around(torch.autograd.Function):
    """A square that takes its input through another Function."""

    @staticmethod
    def forward(ctx, value):
        """Inside of it nothing makes a node."""
        ctx.save_for_backward(value)
        inner = Identity.apply(value)
        return inner * inner

    @staticmethod
    def backward(ctx, grad):
        """Right."""
        (value,) = ctx.saved_tensors
        return 2 * grad * value


def test_a_function_inside_of_a_forward_hides_nothing():
    """What an inner Function gives back is its input, not a constant."""
    weight = torch.randn(5, requires_grad=True)
    with byhand.record() as run:
        Around.apply(weight * 2).sum().backward()

    assert run.check().agrees
    assert not run.passes[0].coverage.not_compared

"""The seal from outside: right functions are sealed or it is said why not, and no bend, cast or stopped gradient is a false alarm."""

import kernels
import pytest
import torch

import byhand
from byhand.functions.gaps import Floors, gap_between
from byhand.results import Verdict


def tensor(*shape, dtype=torch.float32):
    """Random numbers, the same each time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize(
    "function",
    [torch.relu, torch.abs, lambda x: x.max(), lambda x: x.sort().values, lambda x: x.clamp(-1, 1), torch.round],
    ids=["relu", "abs", "max", "sort", "clamp", "round"],
)
@pytest.mark.parametrize("at", [torch.zeros(4), torch.tensor([0.0, 1.0, 1.0, -2.0]), tensor(300)], ids=["zeros", "ties", "random"])
def test_a_kink_is_no_alarm(function, at):
    """At a kink any of the slopes is right: it may be said, and nothing differs."""
    story = byhand.check(function, at)

    assert not story.differs
    assert story.agrees


def test_a_fault_beside_a_kink_is_found():
    """Inputs on a kink do not hide a wrong gradient: the test is made a step beside them."""
    story = byhand.check(kernels.WrongSign, torch.zeros(4, 3), tensor(3))
    flat = byhand.check(lambda x: Halved.apply(x.relu()), torch.tensor([0.0, 1.0, 2.0]))

    assert story.differs
    assert flat.checked.seal.verdict is Verdict.DIFFERS


class Halved(torch.autograd.Function):
    """The gradient is half of what it should be."""

    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, grad):
        return grad / 2


@pytest.mark.parametrize("seed", range(8))
def test_a_function_that_changes_too_fast_is_not_sealed(seed):
    """Where no step is small enough to follow the function, that is said, and it is no difference."""
    generator = torch.Generator().manual_seed(seed)

    story = byhand.check(lambda x: torch.sin(1e12 * x), torch.randn(3, generator=generator, dtype=torch.float64))

    assert story.checked.seal.verdict is Verdict.NOT_COMPARED
    assert not story.differs


def test_a_stopped_gradient_is_said_and_is_no_difference():
    """A target that goes through .detach() is constant on purpose: the seal says so, with the line."""
    story = byhand.check(lambda x: (x - 2 * x.detach()).square().sum(), tensor(3))

    assert story.agrees
    assert "detach() (test_check_seal.py:" in story.checked.seal.said


def test_a_function_that_takes_a_gradient_itself_is_sealed():
    """A gradient inside of the function is one operation more."""
    story = byhand.check(lambda x: torch.autograd.grad(x.sin().sum(), x, create_graph=True)[0], tensor(5))

    assert story.agrees
    assert story.checked.seal.verdict is Verdict.AGREES


def test_an_intended_difference_is_shown_as_intended():
    """A straight-through estimator declares itself: its node and its seal say intended, and nothing differs."""
    story = byhand.check(kernels.StraightThrough, tensor(30))

    assert story.checked.seal.verdict in (Verdict.INTENDED, Verdict.AGREES)
    assert not story.differs


def test_what_computes_in_single_precision_inside_is_sealed_with_its_own_floor():
    """A cast to float32 inside of a function of doubles is no false alarm."""
    story = byhand.check(lambda x: x.float().sin().double(), tensor(200, dtype=torch.float64))

    assert story.agrees
    assert story.checked.seal.verdict is Verdict.AGREES


def test_what_raises_in_double_precision_is_not_sealed():
    """A kernel of float32 only is judged at float32, and why it is not sealed is said."""

    def single(x):
        if x.dtype is not torch.float32:
            raise TypeError("this kernel is float32 only")
        return x.sin()

    story = byhand.check(single, tensor(5))

    assert story.agrees
    assert story.checked.seal.said == "not sealed: it raises in float64: TypeError: this kernel is float32 only"


def test_a_symmetric_matrix_is_moved_as_one():
    """What reads one triangle of a symmetric matrix has a gradient along symmetric directions only, and is sealed along one."""
    root = tensor(4, 4, dtype=torch.float64)

    story = byhand.check(torch.linalg.cholesky, root @ root.T + torch.eye(4, dtype=torch.float64))

    assert story.checked.seal.verdict is Verdict.AGREES


def test_a_sparse_input_is_no_crash():
    """A tensor that is not dense is compared as if it were."""
    assert byhand.check(torch.sparse.mm, tensor(3, 4).to_sparse(), tensor(4, 2).requires_grad_()).agrees


@pytest.mark.parametrize(("moved", "caught"), [(0.0, True), (1e4, False)])
def test_a_sum_that_cancels_has_the_floor_that_was_measured(moved, caught):
    """An element that is off by much of itself is no gap where rounding was seen to move it so far."""
    floors = Floors(2.0**-24, lambda: [{"w": torch.full((1,), moved)}])

    assert bool(gap_between({"w": torch.tensor([1.0e-3])}, {"w": torch.tensor([1.2e-3])}, floors)) is caught


def test_half_types_are_not_let_off_with_more():
    """Six per cent in bfloat16 is a gap: 32 units of rounding would hide it."""
    floors = Floors(2.0**-9, list)

    assert gap_between({"w": torch.ones(3)}, {"w": torch.ones(3) * 1.05}, floors)


class Normed(torch.autograd.Function):
    """Rows divided by their root mean square, worked in float32 inside whatever is given; the gradient is off by `factor`."""

    @staticmethod
    def forward(ctx, x, factor):
        root = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-6)
        ctx.save_for_backward(x, root)
        ctx.factor = factor
        return (x.float() * root).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        x, root = ctx.saved_tensors
        normed, grad = x.float() * root, grad.float()
        return (root * (grad - normed * (grad * normed).mean(-1, keepdim=True)) * ctx.factor).to(x.dtype), None


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("factor", "verdict"), [(1.0, Verdict.AGREES), (1.01, Verdict.DIFFERS), (1.05, Verdict.DIFFERS), (0.9, Verdict.DIFFERS)]
)
def test_a_cast_inside_of_the_forward_does_not_blind_the_seal(factor, verdict, seed, dtype):
    """A forward that casts to float32 hides it from the graph: its rounding is measured, the steps are taken above it."""
    x = torch.randn(8, 16, generator=torch.Generator().manual_seed(seed)).to(dtype)

    assert byhand.check(Normed, x, factor).checked.seal.verdict is verdict


def test_a_remainder_that_falls_faster_than_the_square_is_sealed_by_the_change_itself():
    """The sine at zero leaves the cube of the step: that slope proves nothing by itself, what is measured from both sides does."""
    found = byhand.check(torch.sin, torch.zeros(4)).checked.seal

    assert found.verdict is Verdict.AGREES
    assert "changes as the gradient says" in found.said


def test_what_is_measured_too_coarsely_is_not_sealed():
    """Where rounding inside hides a change of a few per cent nothing is sealed, and the reason is told."""
    found = byhand.check(lambda x: (x.bfloat16() * 3).double().sin(), tensor(3, dtype=torch.float64)).checked.seal

    assert found.verdict is Verdict.NOT_COMPARED
    assert found.said.startswith("not sealed: ")


def test_no_seal_beside_a_difference():
    """A green tick under a list of faults would pardon them: what was seen is told without one."""
    story = byhand.check(Shifted, tensor(5, 4))

    assert story.differs
    assert story.checked.seal.verdict is Verdict.NOT_COMPARED
    assert story.checked.seal.said.startswith("no seal, since something above differs; in float64, slope 2.0")
    assert "✓ slope" not in str(story)


class Shifted(torch.autograd.Function):
    """Right for every gradient that is contiguous."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return torch.as_strided(grad, x.shape, x.stride()) * x.cos()


def test_what_is_declared_is_not_told_as_wrong():
    """The sentence on whose gradient is not the slope has the mark of the declaration, not that of a fault."""
    text = " ".join(str(byhand.check(Passed, tensor(30))).split())

    assert "✗" not in text
    assert "○ It is the gradient of x that is not the slope (declared as intended)." in text


class Passed(torch.autograd.Function):  # byhand: intended
    """Sends the gradient through a cube."""

    @staticmethod
    def forward(ctx, x):
        return x**3

    @staticmethod
    def backward(ctx, grad):
        return grad


class Rounded(torch.autograd.Function):
    """Works in bfloat16 inside whatever is given, and is right."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.bfloat16().sin().to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * x.cos()


def test_half_precision_inside_of_the_forward_is_no_false_alarm():
    """What is rounded to half precision inside moves in stairs: no step shows its slope, and that is said."""
    found = byhand.check(Rounded, tensor(60)).checked.seal

    assert found.verdict is Verdict.NOT_COMPARED
    assert "in stairs" in found.said


def test_a_bend_is_not_taken_for_rounding():
    """A plain function of doubles is sealed at small steps: what its curvature leaves is not the rounding of something coarse."""
    found = byhand.check(lambda x: (x * x.sigmoid()).exp(), tensor(6, 5)).checked.seal

    assert found.verdict is Verdict.AGREES
    assert found.points[-1].step < 1e-5

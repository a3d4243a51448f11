"""Second derivatives of custom Functions: a gradient that is right, and whose own derivative is lost or wrong."""

import gc
import json
import weakref

import pytest
import torch
from second_passes import codes, default, directly, loss_of, recorded, weight
from torch.nn import functional
from twice import LOST, RIGHT, KeptOnTheNode, OnceOnly, WrongLater
from watched import PROGRAMS, bits, made

import byhand
from byhand.errors import NoSuchOrder
from byhand.faults import find


@pytest.fixture(params=[torch.float64, torch.float32], ids=str, autouse=True)
def dtype(request):
    """The default dtype of the programs."""
    with default(request.param) as chosen:
        yield chosen


@pytest.mark.parametrize("name", RIGHT)
def test_a_function_that_is_right_twice_is_left_alone(name):
    """A Function whose second derivative is right, or rightly zero, is compared and not blamed."""
    made = directly(loss_of(RIGHT[name], weight()))

    assert made.second.differ == 0
    assert made.second.not_compared <= (name == "two inputs")  # its number is known from a recording only
    assert codes(made) == []


@pytest.mark.parametrize("name", RIGHT)
def test_a_recorded_function_that_is_right_twice_is_left_alone(name):
    """In the program's own backward with `create_graph=True` it is compared without being asked for."""
    made = recorded(RIGHT[name], weight())

    assert made.second.agree >= 1
    assert made.second.differ == made.second.not_compared == 0
    assert codes(made) == []


@pytest.mark.parametrize("name", LOST)
def test_a_lost_second_derivative_is_found(name):
    """`order=2` names the weight whose second derivative is silently wrong; at first order everything agrees."""
    x = weight()
    loss = loss_of(LOST[name], x)

    assert codes(byhand.check(loss).passes[-1]) == []
    assert codes(directly(loss)) == [("second-derivative-lost", "x")]


@pytest.mark.parametrize("name", LOST)
def test_a_lost_second_derivative_is_found_in_a_recorded_run(name):
    """A backward with `create_graph=True` finds it by itself."""
    assert codes(recorded(LOST[name], weight())) == [("second-derivative-lost", "x")]


@pytest.mark.parametrize("way", ["asked for", "recorded"])
def test_a_wrong_second_derivative_is_found(way):
    """A backward that is right but worked with a step whose own derivative is wrong has a code and a cause of its own."""
    x = weight()
    made = recorded(WrongLater.apply, x) if way == "recorded" else directly(loss_of(WrongLater.apply, x))
    (finding,) = find([made])

    assert (finding.code, finding.cause) == ("wrong-gradient", "second-derivative")


def by_margin(x):
    """A loss whose second derivative PyTorch does not have."""
    return functional.multi_margin_loss(x, torch.tensor([0, 1, 2]), p=2)


@pytest.mark.parametrize("function", [OnceOnly.apply, by_margin, lambda x: torch.cdist(x, x + 1, p=3)])
def test_what_refuses_to_be_differentiated_twice_is_no_silent_loss(function):
    """Where PyTorch raises an error at the second derivative, that is counted and not blamed."""
    made = directly(loss_of(function, weight()))

    assert made.second.refused == 1
    assert made.second.not_compared == 0
    assert codes(made) == []


@pytest.mark.parametrize("last", [torch.sum, lambda value: value.square().sum()], ids=["no graph upstream", "a graph upstream"])
def test_a_recorded_function_that_refuses_is_no_silent_loss(last):
    """In a recorded run `once_differentiable` is left alone, also where PyTorch finds nothing to hang its refusal on."""
    x = weight()
    with byhand.record() as run:
        torch.autograd.grad(last(OnceOnly.apply(x)), x, create_graph=True)

    assert run.passes[0].second.refused == 1
    assert codes(*run.passes) == []


class Reversed(torch.autograd.Function):  # byhand: intended
    """The gradient is meant to be another."""

    @staticmethod
    def forward(ctx, x):
        """The input itself."""
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        """Not the derivative."""
        return -grad * 0.5


def test_a_declared_difference_has_no_second_derivative_to_judge():
    """A Function whose first derivative differs as declared is not blamed for the second."""
    assert codes(directly(loss_of(Reversed.apply, weight()))) == codes(recorded(Reversed.apply, weight())) == []


def penalty(critic, data):
    """The gradient penalty of a critic, as in WGAN-GP."""
    (slope,) = torch.autograd.grad(critic(data).sum(), data, create_graph=True)
    return (slope.norm(dim=1) - 1).square().mean()


def test_a_recorded_gradient_penalty_costs_nothing_more():
    """Ordinary nodes are judged in the pass that differentiates them anyway: no second derivative is worked beside the first."""
    critic = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.LayerNorm(8), torch.nn.Linear(8, 1))
    with byhand.record() as run:
        penalty(critic, weight()).backward()

    assert [made.second for made in run.passes] == [None, None]
    assert codes(*run.passes) == []


def test_the_input_asked_for_is_named():
    """In a run that asks for the slope along `place`, that is whose second derivative is lost, and not the nearest weight's."""
    layer, place = torch.nn.Linear(1, 4), weight(6, 1)
    with byhand.record() as run:
        torch.autograd.grad(KeptOnTheNode.apply(layer(place)).sum(), place, create_graph=True)[0].sum().backward()
    (finding,) = find(run.passes)

    assert (finding.code, finding.subject, finding.passes) == ("second-derivative-lost", "place", (1,))
    assert "KeptOnTheNode" in finding.what
    assert "ctx.save_for_backward" in finding.fix


def test_one_function_of_many_is_blamed():
    """Of three Functions in a row only the one that loses its derivative is named."""
    made = recorded(lambda x: RIGHT["saved input"](KeptOnTheNode.apply(RIGHT["saved result"](x))), weight())
    (finding,) = find([made])

    assert "KeptOnTheNode" in finding.what
    assert (made.second.agree, made.second.differ) == (2, 1)


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_is_changed(program):
    """`order=2` leaves every `.grad` and the random generator as they were, and calls no hook."""
    it, called = made(program), []
    it.forward()[-1].backward()
    before = [bits(leaf.grad) for leaf in it.leaves]
    for leaf in it.leaves:
        leaf.register_hook(lambda grad: called.append(1))
    values = it.forward()
    values[0].grad_fn.register_hook(lambda *grads: called.append(2))
    state = torch.get_rng_state()

    byhand.check(values[-1], order=2)

    assert [bits(leaf.grad) for leaf in it.leaves] == before
    assert torch.equal(torch.get_rng_state(), state)
    assert called == []


def test_a_random_backward_leaves_the_generator_alone():
    """A backward that draws random numbers is called, and the program's next random number is what it would have been."""
    loss = functional.dropout(weight(), 0.5).square().sum()
    state = torch.get_rng_state()

    directly(loss)

    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", [*RIGHT, *LOST])
def test_a_recorded_program_has_the_same_numbers(name):
    """Slope, curvature and the next random number are bit by bit those of the program alone."""
    function = {**RIGHT, **LOST}[name]

    def program():
        torch.manual_seed(0)
        x = weight()
        (slope,) = torch.autograd.grad((function(x) * x).square().sum(), x, create_graph=True)
        (slope.square().sum() + x.sum()).backward()
        return bits(slope), bits(x.grad), bits(torch.randn(3))

    alone = program()
    with byhand.record() as run:
        watched = program()

    assert watched == alone
    assert run.passes[0].second is not None


@pytest.mark.parametrize("way", ["asked for", "recorded"])
def test_nothing_is_kept_alive(way):
    """When the program drops its tensors they are gone, the story notwithstanding."""
    x = weight()
    hidden = 1.5 * x
    reference = weakref.ref(hidden)
    loss = KeptOnTheNode.apply(hidden).square().sum()
    kept = directly(loss)
    if way == "recorded":
        with byhand.record() as kept:
            hidden = 1.5 * x
            reference = weakref.ref(hidden)
            loss = KeptOnTheNode.apply(hidden).square().sum()
            torch.autograd.grad(loss, x, create_graph=True)
    del loss, hidden
    gc.collect()

    assert kept is not None
    assert reference() is None


def test_the_loss_can_still_be_differentiated():
    """After the check the program goes on as if there had been none, twice if it likes."""
    x = weight()
    loss = loss_of(RIGHT["saved input"], x)
    byhand.check(loss, order=2)
    (slope,) = torch.autograd.grad(loss, x, create_graph=True)
    slope.sum().backward()

    assert x.grad is not None


def test_the_story_says_how_many_were_compared():
    """The check's last lines count what was differentiated twice, and JSON has the same."""
    story = byhand.check(loss_of(OnceOnly.apply, weight()), order=2)

    said = " ".join(str(story).split())

    assert "Second derivatives: 4 operations compared, ✓ none differs; ○ 1 that PyTorch says it cannot differentiate twice." in said
    assert json.loads(story.to_json())["runs"][0]["second_derivatives"]["agree"] == 4
    assert json.loads(byhand.check(weight().sum()).to_json())["runs"][0]["second_derivatives"] is None


def test_the_readers_numbers_are_weighed_too():
    """Values by name go with `order=2` as without."""
    w = torch.tensor(3.0, requires_grad=True)
    story = byhand.check(w**2, {"w": 6.0}, order=2)

    assert "exact" in str(story)


@pytest.mark.parametrize("order", [0, 3, "2"])
def test_only_two_orders_are_known(order):
    """Another order is an error that says what to ask for."""
    with pytest.raises(NoSuchOrder, match="order=2"):
        byhand.check(weight().sum(), order=order)

"""The walk: what is told at each moment, for a class that hears it for the first time."""

import pytest
import torch
from programs_drawn import added, example, fan_out, hooked, matrices, not_a_number, parts, passed, text, undefined, weight, wrong

from byhand.document import Role
from byhand.drawing import contents as contents_
from byhand.drawing.contents import Contents
from byhand.drawing.moments import moments
from byhand.explanation.labels import Labels


def walk(program):
    """The moments of a program's last pass."""
    result = passed(program)
    labels = Labels(result)
    return moments(result, labels, Contents(result, labels))


def told(program):
    """What is told at each moment, as text."""
    return [text(moment.told) for moment in walk(program)]


def test_the_example_is_told_without_a_teacher():
    """Every sentence of the walk through the lesson's example."""
    agrees = "PyTorch: w.grad = −2   agrees"

    assert told(example) == [
        "Given: w = 1, x = 1, y = 2. Nothing is computed yet.",
        "ŷ = w · x = 1 · 1 = 1",
        "s = ŷ − y = 1 − 2 = −1",
        "loss = s² = (−1)² = 1",
        "∂loss/∂loss = 1: loss grows as fast as itself.\nNow back: how fast does loss grow with each value before it?",
        "How fast does loss grow with s? ∂loss/∂s = 2 · s = 2 · (−1) = −2.\nTimes what arrived at loss: ∂loss/∂s = 1 · −2 = −2.",
        "How fast does s grow with ŷ? ∂s/∂ŷ = 1.\nTimes what arrived at s: ∂loss/∂ŷ = ∂loss/∂s · ∂s/∂ŷ = −2 · 1 = −2.",
        "How fast does ŷ grow with w? ∂ŷ/∂w = x = 1.\nTimes what arrived at ŷ: ∂loss/∂w = ∂loss/∂ŷ · ∂ŷ/∂w = −2 · 1 = −2.\n" + agrees,
    ]


def test_the_walk_goes_forward_then_back():
    """Each moment is at the box where it happens."""
    found = [(moment.forward, moment.box) for moment in walk(example)]

    assert found == [(True, ""), (True, "s2"), (True, "s1"), (True, "s0"), (False, "s0"), (False, "s0"), (False, "s1"), (False, "s2")]


def test_the_sum_is_told_with_the_last_contribution():
    """A value that is used twice gets its gradient when the second contribution is there, not before."""
    said = told(fan_out)

    assert "c is used 2 times" not in said[7]
    assert said[8].endswith("c is used 2 times, and what comes back is added: ∂loss/∂c = 12 + 3 = 15.")


def test_one_of_several_contributions_is_named_by_its_way():
    """A part of a gradient is not called the gradient."""
    assert "∂loss/∂c via e = ∂loss/∂e · ∂e/∂c = 1 · 3 = 3" in told(fan_out)[7]


def test_every_weight_ends_in_pytorchs_number():
    """Both weights have their verdict where their gradient is whole."""
    said = told(fan_out)

    assert [line for each in said for line in each.split("\n") if line.startswith("PyTorch: ")] == [
        "PyTorch: a.grad = 36   agrees",
        "PyTorch: b.grad = 45   agrees",
    ]


def test_what_is_not_a_number_is_loud():
    """NaN is told as such, and cannot be overlooked."""
    moment = walk(not_a_number)[1]

    assert text(moment.told) == "r = torch.log(x) = log(−1) = NaN"
    assert [cell.text for cell in moment.told if cell.role is Role.LOUD] == ["NaN"]


def test_a_difference_is_told_with_both_numbers():
    """At the operation that is wrong, at the next one, and at the weight."""
    said = told(wrong)

    assert said[6] == "∂loss/∂u = 12 (from the operations of its forward).\nPyTorch sends 6: differs by 6"
    assert said[7].startswith("∂loss/∂u is 12 by hand, and 6 arrived in PyTorch; what u sends back is worked from PyTorch's.\n")
    assert said[7].endswith("By hand all the way: ∂loss/∂w = 24.\nPyTorch: w.grad = 12   differs by 12")


def test_an_undefined_gradient_is_none():
    """It is neither zero nor left out."""
    assert "PyTorch sends None: differs by 3" in told(undefined)[6]


def test_a_hook_is_told():
    """What arrives is not what was sent, and the walk says why."""
    assert "A hook changed ∂loss/∂u on its way: what arrives there is not what was sent." in told(hooked)[5]


def test_the_running_sum_is_told():
    """Where `.grad` was not empty, the walk says what became of it."""
    assert told(added)[-1].endswith("PyTorch adds 6 to w.grad   agrees\nw.grad was 2 and is 8 now: backward() adds.")


def test_tensors_are_told_by_formula():
    """The rule, what grad stands for, and the number."""
    said = told(matrices)

    assert said[1] == "y = x @ w = [[2.5, 4], [6, 8]]"
    assert "grad is what arrived: ∂loss/∂y.\n∂loss/∂w = xᵀ @ grad = [[144, 144], [360, 360]]." in said[-1]


def test_every_part_of_several_results_is_told():
    """A chunk gives three values, and gets three gradients."""
    said = told(parts)

    assert said[1] == "a, b, c = split(x, 3, 0) = [0, 1], [2, 3], [4, 5]"
    assert said[-1].startswith("grads are what arrived: ∂loss/∂a, ∂loss/∂b, ∂loss/∂c.")


def test_given_gradients_of_several_roots_are_told():
    """What backward starts from is not always 1."""

    def program():
        a = weight([1.0, 2.0])
        b = a * 3
        c = a.sum()
        torch.autograd.backward([b, c], [torch.tensor([1.0, 0.5]), None])

    assert told(program)[3].startswith("∂L/∂b = [1, 0.5]: the gradient that backward was given.\n∂L/∂c = 1: the gradient")


def test_backward_of_a_weight_itself_starts_with_one():
    """The number that its box has; and there is nothing before it to go back to."""

    def program():
        w = weight(3.0)
        w.backward()

    assert told(program)[-1] == "∂w/∂w = 1: w grows as fast as itself."


def test_a_root_that_is_used_too_is_not_said_to_be_given_all():
    """Its gradient is more than what backward was given for it."""

    def program():
        w = weight(3.0)
        loss = w * 2
        torch.autograd.backward([w, loss])

    seed = next(each for each in told(program) if "Now back" in each)

    assert seed.startswith("∂L/∂w begins with the gradient that backward was given; more comes back to it.\n∂L/∂loss = 1: the gradient")


def test_roots_that_are_not_told_are_not_hidden():
    """Of ten roots eight are told, then an ellipsis says that there are more."""

    def program():
        w = weight(3.0)
        torch.autograd.backward([w * number for number in range(2, 12)])

    lines = next(each for each in told(program) if "Now back" in each).split("\n")

    assert (len(lines), lines[8]) == (10, "…")


def test_a_backward_for_some_inputs_tells_of_those():
    """Nothing is said of what nobody asked for."""

    def program():
        a, b = weight(2.0), weight(3.0)
        loss = (a * b) * b
        torch.autograd.grad(loss, a)

    assert not any("node" in each for each in told(program))


@pytest.fixture
def short(monkeypatch):
    """Every run counts as a large one."""
    monkeypatch.setattr(contents_, "LARGE", 0)


def test_a_large_run_is_told_shortly(short):
    """The same numbers, in one piece of text for each moment."""
    said = told(example)

    assert said[2] == "s = ŷ − y = −1"
    assert said[6] == "∂loss/∂ŷ = −2 · 1 = −2"
    assert all(len(moment.told) == 1 for moment in walk(example)[1:4])

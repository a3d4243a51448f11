"""`explain` and `check` on a tensor at hand and on a recorded run."""

import json

import pytest
import torch
from lesson import loss_of, weight

import byhand


def leaf(story, name="w"):
    """What the story says of the leaf."""
    return next(each for each in story.passes[0].leaves if each.name == name)


def test_explain_before_backward_gives_the_gradient_and_leaves_no_trace():
    """The gradient is worked and `.grad` stays empty; the graph can still be gone back through."""
    w = weight()
    loss = loss_of(w)

    story = byhand.explain(loss)

    assert (leaf(story).by_hand.data, w.grad) == (-2.0, None)
    loss.backward()
    assert w.grad.item() == -2


def test_explain_tells_the_story_of_the_example():
    """The lines of the story of the example can be read in the text, where all its variables are at hand."""
    x, y = torch.tensor(1.0), torch.tensor(2.0)
    w = torch.tensor(1.0, requires_grad=True)
    y_hat = w * x
    s = y_hat - y
    loss = s**2

    text = str(byhand.explain(loss))

    assert "ŷ    = w · x =  1   ∂ŷ/∂w    = x     =  1   ∂loss/∂w = −2 · 1  = −2" in text
    assert "PyTorch: −2   ✓ agrees" in text
    assert "3 operations: 3 worked by our rules, 0 not compared, ✓ none differs" in text


def test_explain_after_a_recorded_backward_tells_that_pass():
    """Inside a recording the loss is known although its graph is gone."""
    with byhand.record():
        w = weight()
        loss = loss_of(w)
        loss.backward()
        story = byhand.explain(loss)

    assert "PyTorch: w.grad = −2   ✓ agrees" in str(story)


def test_explain_after_backward_that_kept_its_graph():
    """With retain_graph=True nothing is missing afterwards, and `.grad` is not added to."""
    w = weight()
    loss = loss_of(w)
    loss.backward(retain_graph=True)

    story = byhand.explain(loss)

    assert (leaf(story).by_hand.data, w.grad.item()) == (-2.0, -2.0)


def test_gradient_weighs_the_elements_of_a_loss():
    """For a loss of several numbers `gradient` says how much each counts, as in PyTorch."""
    w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = w**2

    story = byhand.explain(loss, gradient=torch.tensor([1.0, 0.0, 10.0]))

    assert leaf(story).by_hand.data == [2.0, 0.0, 60.0]


def test_gradient_weighs_a_scalar_too():
    """A scalar loss that counts three times sends three times as much."""
    w = weight()
    loss = loss_of(w)

    assert leaf(byhand.check(loss, gradient=torch.tensor(3.0))).by_torch.data == -6.0


def test_a_loss_of_one_element_needs_no_gradient():
    """Like PyTorch, a tensor of shape (1, 1) is taken for one number."""
    w = torch.tensor([[2.0]], requires_grad=True)

    assert leaf(byhand.check(w**2)).by_hand.data == [[4.0]]


def test_a_leaf_as_loss():
    """A weight itself as the loss has the gradient 1."""
    w = torch.tensor(3.0, requires_grad=True)

    story = byhand.check(w)

    assert (leaf(story).by_hand.data, story.agrees, w.grad) == (1.0, True, None)
    assert "w" in str(byhand.explain(w))


def test_several_roots_in_one_backward():
    """torch.autograd.backward of two losses is one pass with two roots."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        first = w**2
        second = w * 3
        torch.autograd.backward([first, second])

    story = run.explain()

    assert leaf(story).by_hand.data == 7.0
    assert "L stands for first + second" in str(story)


def test_autograd_grad_is_told_as_what_it_is():
    """torch.autograd.grad leaves `.grad` alone, and the story says which function it was."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        loss = w**2
        (grad,) = torch.autograd.grad(loss, [w])

    assert "torch.autograd.grad(loss, …), worked by hand" in str(run.explain())
    assert leaf(run.check(w=4)).by_torch.data == grad.item() == 4.0


def test_all_passes_of_a_run_are_kept():
    """The last is told, another with `step`, and the JSON has them all in order."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        for power in (2, 3):
            (w**power).backward()

    assert [leaf(run.explain(step=step)).by_hand.data for step in (None, 1, 2)] == [12.0, 4.0, 12.0]
    assert [each["leaves"][0]["by_hand"]["data"] for each in json.loads(run.to_json())["runs"]] == [4.0, 12.0]


def test_a_second_pass_that_fails_does_not_hide_the_first():
    """The pass told is the last in which something was worked."""
    w = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        loss = w.exp()
        loss.backward()
        with pytest.raises(RuntimeError, match="second time"):
            loss.backward()

    assert "exp" in str(run.explain())
    assert run.explain().passes[0].number == 1


def test_a_failing_program_gets_the_explanation_as_a_note():
    """PyTorch's error leaves the recording as it is, with byhand's explanation added below it."""
    with pytest.raises(RuntimeError, match="can require gradients") as found, byhand.record():
        torch.tensor(1, requires_grad=True)

    assert "1.0, not 1" in found.value.__notes__[0]


def test_own_errors_of_a_program_get_no_note():
    """What is none of PyTorch's known errors passes a recording unchanged."""
    with pytest.raises(RuntimeError, match="mine") as found, byhand.record():
        raise RuntimeError("mine")

    assert not hasattr(found.value, "__notes__")


def test_a_hook_that_never_fires_changes_nothing():
    """check() asks each node by itself, so a hook that rewrites gradients is neither called nor taken for a mistake."""
    w = torch.tensor(2.0, requires_grad=True)
    loss = w**2
    called = []
    loss.register_hook(called.append)

    assert (byhand.check(loss).agrees, called) == (True, [])

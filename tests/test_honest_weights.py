"""A weight is called compared only if our own chain reached it."""

import pytest
import torch

import byhand
from byhand.results import Verdict


class Half(torch.autograd.Function):
    """A square, scaled, whose backward is half of what it should be."""

    @staticmethod
    def forward(ctx, value, scale=1.0):
        """The scaled square."""
        ctx.save_for_backward(value)
        ctx.factor = scale
        return value * value * scale

    @staticmethod
    def backward(ctx, grad):
        """The mistake."""
        (value,) = ctx.saved_tensors
        return grad * value * ctx.factor, None


def half(weight, *scale):
    """A loss behind the mistake."""
    return Half.apply(weight * 3, *scale) * 2


def test_a_weight_behind_an_unjudged_function_is_not_compared():
    """PyTorch's number is not compared with itself: the verdict names the operation that was not compared."""
    weight = torch.tensor(2.0, requires_grad=True)

    story = byhand.check(half(weight, 1.0))

    (leaf,) = story.passes[0].leaves
    assert leaf.comparison.verdict is Verdict.NOT_COMPARED
    assert leaf.comparison.reason == "it depends on HalfBackward, which was not compared"
    assert "everywhere" not in str(story)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_function_whose_inputs_are_known_is_judged_by_the_operations_of_its_forward(recorded):
    """The mistake is found at the Function, and the weight behind it differs."""
    weight = torch.tensor(2.0, requires_grad=True)
    if recorded:
        with byhand.record() as run:
            half(weight, 1.0).backward()
        story = run.check()
    else:
        halved = Half.apply(weight * 3)
        story = byhand.check(halved * 2)

    (made,) = story.passes
    (function,) = (step for step in made.steps if step.op == "HalfBackward")
    assert function.contributions[0].comparison.verdict is Verdict.DIFFERS
    assert function.contributions[0].opinion == "operations"
    assert (made.leaves[0].comparison.verdict, made.leaves[0].by_hand.data) == (Verdict.DIFFERS, 72.0)


def test_a_small_element_beside_a_large_one_is_held_against_its_own_size(monkeypatch):
    """A rule that loses the small element is found, however large its neighbour."""
    from dataclasses import replace

    from byhand.rules.table import TABLE

    (rule,) = TABLE["SinBackward0", 0]
    wrong = replace(rule, function=lambda grad, self: torch.where(self.abs() < 2, grad * 0, rule.function(grad, self)))
    monkeypatch.setitem(TABLE, ("SinBackward0", 0), [wrong])
    weight = torch.tensor([7.0, 1.0], requires_grad=True)

    story = byhand.check((torch.sin(weight) * torch.tensor([1e6, 1.0])).sum())

    assert story.differs


def test_a_hook_that_writes_in_place_is_a_hook_and_no_difference():
    """Usual clipping idioms change what was sent: that is said, and nothing differs."""
    weight = torch.tensor(2.0, requires_grad=True)
    with byhand.record() as run:
        hidden = weight * 3
        hidden.register_hook(lambda grad: grad.mul_(0.5))
        weight.register_hook(lambda grad: grad.clamp_(max=1.0))
        (hidden**2).backward()

    story = run.check()

    assert not story.differs
    assert "A hook changed" in str(story)


def test_hooks_that_no_engine_called_are_named():
    """`explain(loss)` runs no hook, and says which were not called."""
    weight = torch.tensor(2.0, requires_grad=True)
    weight.register_hook(lambda grad: grad * 100)

    assert "The hooks on weight were not called" in " ".join(str(byhand.explain(weight**2)).split())


def test_a_leaf_changed_after_the_forward_pass_gives_no_false_values():
    """Values worked out again from a changed weight would contradict the loss: none are shown."""
    weight = torch.tensor([1.0, 2.0], requires_grad=True)
    loss = (weight * 3).sum()
    with torch.no_grad():
        weight.add_(10)

    story = byhand.explain(loss)

    assert "33" not in str(story)


def test_many_small_backward_passes_cost_the_same_at_the_end():
    """Calls of long ago are forgotten, whatever is kept of the passes."""
    weight = torch.tensor(1.0, requires_grad=True)
    with byhand.record() as run:
        for _ in range(20):
            (weight * 2).backward()

    assert len(run.passes) == 20
    assert len(run.session.recorder.notes) < 20

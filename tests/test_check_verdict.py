"""What a check of one function says at its end: one verdict, where the fault stands, and what was found until it was interrupted."""

import json

import fragile_kernels
import kernels
import pytest
import torch

import byhand
from byhand.results import Verdict
from byhand.testing import assert_gradients


def tensor(*shape):
    """Random numbers, the same each time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def inputs():
    """The two inputs of the kernels."""
    return tensor(33, 20), tensor(20)


def last_line(story):
    """The last line of a story as text."""
    return str(story).rstrip().splitlines()[-1]


class Logarithm(torch.autograd.Function):
    """The logarithm, NaN where its input is negative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.log()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad / x.sqrt() ** 2


def test_nan_is_the_same_as_nan():
    """Gradients with NaN in the same places are the same bits: nobody adds up in another order."""
    story = byhand.check(Logarithm, torch.tensor([1.0, -1.0, 2.0]))

    again = next(each for each in story.checked.trials if each.name == "a second time")
    assert (again.verdict, again.said) == (Verdict.AGREES, "the same bits")
    assert not any("changes" in each.said for each in story.checked.trials)


class Counting(torch.autograd.Function):
    """Wrong from its second call on."""

    calls = 0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        Counting.calls += 1
        return grad * x.cos() * Counting.calls


def test_what_is_not_repeatable_is_one_finding():
    """A backward that keeps state fails every attempt that calls it again: the first says why, the others are not made."""
    Counting.calls = 0

    story = byhand.check(Counting, tensor(4, 3))

    assert [each.cause for each in story.findings if each.cause] == ["state"]
    assert story.checked.trials[-1].said == "not tried: it is not repeatable"


def test_a_fault_stands_where_its_backward_does():
    """The check's own call is in no file: a finding at it says where the backward is, as data too."""
    story = byhand.check(kernels.WrongSign, *inputs())
    where = json.loads(story.to_json())["findings"][0]["where"]

    assert story.findings[0].where.file.endswith("kernels.py")
    assert story.findings[0].where.text.startswith("def backward")
    assert where["file"].endswith("kernels.py")
    assert "byhand.check:" not in str(story)


@pytest.mark.parametrize(
    ("function", "given", "verdict"),
    [
        (kernels.Sine, inputs(), "✓ agrees"),
        (fragile_kernels.OnlyContiguous, inputs(), "✗ 1 finding: wrong-gradient x"),
        (kernels.WrongJvp, inputs(), "✗ differs: forward mode"),
        (torch.log, (-torch.ones(3),), "○ no verdict: not all of it is finite"),
    ],
)
def test_the_last_line_is_one_verdict(function, given, verdict):
    """Whoever reads only the last line knows."""
    assert last_line(byhand.check(function, *given)) == verdict


class Stopping(torch.autograd.Function):
    """Ctrl-C is pressed at its call number `at`."""

    at = calls = 0

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        Stopping.calls += 1
        if Stopping.calls == Stopping.at:
            raise KeyboardInterrupt
        (x,) = ctx.saved_tensors
        return grad * x.cos()


@pytest.mark.parametrize(("at", "row"), [(8, "the other attempts"), (16, "")], ids=["stress", "seal"])
def test_ctrl_c_tells_what_was_found(at, row):
    """After the nodes are judged an interruption ends the check and not the report; it is no success."""
    Stopping.at, Stopping.calls = at, 0

    story = byhand.check(Stopping, tensor(4, 3))

    assert Stopping.calls == at
    assert [each.name for each in story.checked.trials if each.said == "interrupted"] == [row] * bool(row)
    assert story.checked.seal.said == "not sealed: interrupted"
    assert last_line(story) == "○ no verdict: interrupted"
    assert not story.agrees
    assert not story.differs


def test_ctrl_c_before_anything_is_judged_is_said():
    """There is nothing to tell then, and the interruption goes on to the program, without what byhand was doing."""
    Stopping.at, Stopping.calls = 1, 0

    with pytest.raises(KeyboardInterrupt, match="before anything was judged") as found:
        byhand.check(Stopping, tensor(4, 3))

    assert found.value.__suppress_context__
    assert len(found.traceback) == 3


def test_ctrl_c_ends_a_test():
    """An assertion that was interrupted is neither passed nor failed."""
    Stopping.at, Stopping.calls = 8, 0

    with pytest.raises(KeyboardInterrupt):
        assert_gradients(Stopping, tensor(4, 3))


def test_progress_counts_the_calls_of_a_function(monkeypatch):
    """A check of many slow calls says that it is at work."""
    told = []
    monkeypatch.setattr("byhand.functions.check.calls", lambda name: Counted(told, name))

    byhand.check(torch.sin, tensor(3))

    assert len(told) > 10
    assert set(told) == {"sin"}


class Counted:
    """Stands for the line that shows progress."""

    def __init__(self, told, name):
        self.told, self.name = told, name

    def __enter__(self):
        """What is called at each call."""
        return lambda: self.told.append(self.name)

    def __exit__(self, *_):
        """Nothing is left to be done."""


class Hidden(torch.autograd.Function):
    """Draws a random number behind a number taken out of PyTorch, and takes float32 only: nothing can be said of it."""

    @staticmethod
    def forward(ctx, value):
        """Neither its operations nor differences nor double precision lead anywhere."""
        if value.dtype != torch.float32:
            raise TypeError("this kernel takes float32 only")
        return value * value.sum().item() * torch.rand(())

    @staticmethod
    def backward(ctx, grad):
        """Wrong."""
        return grad * 123


def test_an_input_that_could_not_be_compared_is_not_called_right():
    """The other input agrees; that is not enough."""
    left, right = torch.randn(4, requires_grad=True), torch.randn(4, requires_grad=True)

    story = byhand.check(lambda x, y: x * 2 + Hidden.apply(y), left, right)

    assert not story.agrees
    assert str(story).rstrip().endswith("could not be compared")


def test_a_checked_module_keeps_its_weights_hooks_and_graphs():
    """A hook that trains while it goes back is not called, and a graph that the function took along can still be used."""
    module, calls = torch.nn.Linear(3, 2), []

    def trained(weight):
        calls.append("after")
        weight.data.add_(weight.grad)

    for weight in module.parameters():
        weight.register_hook(lambda grad: calls.append("tensor"))
        weight.register_post_accumulate_grad_hook(trained)
    before = module.weight.detach().clone()
    leaf = torch.randn(3, requires_grad=True)
    taken = leaf.exp()

    assert byhand.check(module, tensor(4, 3)).agrees
    assert byhand.check(lambda value: (taken * value).sum(), tensor(3)).agrees

    assert calls == []
    assert torch.equal(module.weight, before)
    taken.sum().backward()
    module(tensor(4, 3)).sum().backward()
    assert sorted(calls) == ["after", "after", "tensor", "tensor"]


def test_a_method_leaves_the_modules_of_its_object_as_they_were():
    """The running statistics of a batch norm that the object holds are put back."""

    class Trainer:
        def __init__(self):
            self.net = torch.nn.BatchNorm1d(3)

        def forward(self, value):
            return self.net(value)

    trainer = Trainer()
    byhand.check(trainer.forward, tensor(8, 3))

    assert int(trainer.net.num_batches_tracked) == 0
    assert torch.equal(trainer.net.running_mean, torch.zeros(3))

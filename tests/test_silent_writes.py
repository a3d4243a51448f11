"""Writes through `.data`, which PyTorch does not notice: the gradient that comes of them is found wrong, with the line that wrote."""

import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef

import byhand
from byhand.results import Fault, Verdict


def written_into(leaf):
    """All of it."""
    leaf.data.mul_(0.5)


def written_into_a_row(leaf):
    """A part of it, through a view of it."""
    leaf.data[0] = 7.0


def replaced(leaf):
    """Other numbers altogether."""
    leaf.data = leaf.data + 1.0


WAYS = (written_into, written_into_a_row, replaced)


@pytest.mark.parametrize("change", WAYS)
def test_a_saved_value_that_was_overwritten_is_found(change):
    """By hand the derivative is that of the forward pass; PyTorch's is another; the finding names the line of the write."""
    weight = torch.randn(3, 4, requires_grad=True)
    expected = 2 * weight.detach().clone()
    with byhand.record() as run:
        loss = (weight**2).sum()
        change(weight)
        loss.backward()

    (made,) = run.check().passes
    (square,) = (step for step in made.steps if step.op == "PowBackward0")
    comparison = square.contributions[0].comparison
    assert (comparison.verdict, comparison.fault) == (Verdict.DIFFERS, Fault.OVERWRITTEN)
    assert comparison.written.text.strip().startswith("leaf.data")
    assert torch.allclose(torch.tensor(square.contributions[0].by_hand.data), expected)
    assert made.leaves[0].comparison.verdict is Verdict.DIFFERS


@pytest.mark.parametrize("change", WAYS)
def test_a_write_that_comes_after_backward_or_before_forward_harms_nothing(change):
    """Weight clipping and updates through .data, as old programs make them, are no fault."""
    weight = torch.randn(3, 4, requires_grad=True)
    with byhand.record() as run:
        for _ in range(3):
            change(weight)
            (weight**2).sum().backward()
            change(weight)

    assert all(made.coverage.differ == 0 and made.leaves[0].comparison.verdict is Verdict.AGREES for made in run.passes)


def test_what_the_derivative_does_not_depend_on_may_be_overwritten():
    """A sum saves nothing of its input."""
    weight = torch.randn(3, requires_grad=True)
    with byhand.record() as run:
        loss = (weight + 1).sum()
        weight.data.zero_()
        loss.backward()

    assert run.check().agrees


def test_nothing_is_remembered_after_the_recording():
    """Copies of what was overwritten go with the last recording."""
    from byhand.recording.modules import here

    weight = torch.randn(3, requires_grad=True)
    with byhand.record():
        weight.data.mul_(2)
        assert here.writes
    assert not here.writes
    assert not here.aliases


def test_what_is_written_into_and_dropped_is_not_kept():
    """A loop without backward that writes through .data holds none of its memory, but for a copy of what stood there."""
    with byhand.record():
        dropped = []
        for _ in range(20):
            value = torch.randn(1000)
            value.data.mul_(2)
            dropped.append(StorageWeakRef(value.untyped_storage()))
            del value
        assert all(memory.expired() for memory in dropped)

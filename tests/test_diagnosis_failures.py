"""PyTorch's own errors of the backward pass: the tensor kept from an earlier pass, and what is healthy is left alone."""

import pytest
import torch
from failing import Program, findings, found, line_of
from torch import nn
from torch.utils.checkpoint import checkpoint

from byhand.findings import Severity


def recurrent(steps: int = 3, detached: int = 0) -> None:
    """A state is carried from step to step; in the first steps it is detached."""
    cell, out = nn.GRUCell(3, 4), nn.Linear(4, 1)
    state = torch.zeros(2, 4)
    for step in range(steps):
        state = cell(torch.randn(2, 3), state)
        loss = out(state).square().mean()
        loss.backward()
        if step < detached:
            state = state.detach()


def recurrent_in_a_tuple() -> None:
    """The state is a tuple that nobody unpacks."""
    lstm, states = nn.LSTM(3, 4), None
    for _ in range(2):
        output, states = lstm(torch.randn(5, 2, 3), states)
        output.square().mean().backward()


def listed() -> None:
    """Codes of earlier steps are kept in a list."""
    encoder, memory = nn.Linear(3, 4), []
    for _ in range(2):
        memory.append(torch.tanh(encoder(torch.randn(2, 3))))
        torch.cat(memory).square().mean().backward()


def running_total() -> None:
    """The losses of all steps are added, and sent back in each."""
    layer, total = nn.Linear(3, 1), torch.zeros(())
    for _ in range(2):
        total = total + torch.tanh(layer(torch.randn(2, 3))).square().mean()
        total.backward()


def once_before() -> None:
    """A weight is worked out once, before the loop."""
    raw, layer = nn.Parameter(torch.zeros(4)), nn.Linear(3, 4)
    share = torch.softmax(raw, 0)
    for _ in range(2):
        (layer(torch.randn(5, 3)).square().mean(0) * share).sum().backward()


def two_losses() -> None:
    """Two losses of one encoding, each sent back on its own."""
    encoder, left, right = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(4, 1)
    code = torch.tanh(encoder(torch.randn(5, 3)))
    first, second = left(code).square().mean(), right(code).square().mean()
    first.backward()
    second.backward()


def forged() -> None:
    """A picture is judged twice, and the first loss goes back into its maker."""
    maker, judge = nn.Linear(3, 4), nn.Linear(4, 1)
    fake = torch.tanh(maker(torch.randn(5, 3)))
    torch.sigmoid(judge(fake)).mean().backward()
    wish = -torch.sigmoid(judge(fake)).mean()
    wish.backward()


def twice() -> None:
    """One loss is sent back twice."""
    loss = torch.tanh(nn.Linear(3, 1)(torch.randn(5, 3))).sum()
    loss.backward()
    loss.backward()


def caught() -> None:
    """The same, and the program goes on."""
    try:
        twice()
    except RuntimeError:
        print("again")


@pytest.mark.parametrize(
    ("program", "subject", "cause"),
    [
        (recurrent, "state", "carried"),
        (recurrent_in_a_tuple, "states", "carried"),
        (listed, "memory", "carried"),
        (running_total, "total", "carried"),
        (once_before, "share", "once"),
        (two_losses, "code", "two-losses"),
        (forged, "fake", "shared"),
        (twice, "loss", "again"),
    ],
)
def test_the_tensor_kept_from_an_earlier_pass_is_named(program: Program, subject: str, cause: str) -> None:
    """The variable at the border between the new graph and the one that was given back, and which of the usual cases it is."""
    finding = found(program, "freed-graph")

    assert (finding.subject, finding.cause, finding.severity) == (subject, cause, Severity.ERROR)


def test_a_freed_graph_is_told_with_both_passes() -> None:
    """The line that made the tensor, the pass that used the values up, and the one that stopped."""
    finding = found(recurrent, "freed-graph")

    assert line_of(finding) == "loss.backward()"
    assert finding.passes == (1, 2)
    assert "state = state.detach()" in finding.fix


def test_the_pass_that_gave_the_graph_back_may_come_late() -> None:
    """What was right for five steps and then goes wrong is told of the sixth and seventh."""
    assert found(lambda: recurrent(8, detached=5), "freed-graph").passes == (6, 7)


def worked_out_by_a_helper() -> None:
    """What every step works out by the same helper is worked out once too many, before the loop."""
    layer = nn.Linear(3, 4)
    rows = torch.randn(5, 3)

    def scores() -> torch.Tensor:
        return layer(rows).softmax(1)

    old = scores()
    for _ in range(2):
        (scores() / old).square().sum().backward()


def test_a_value_that_no_step_replaces_was_not_carried() -> None:
    """The variable still holds what was made before the loop: working it out anew or detaching it is the cure."""
    finding = found(worked_out_by_a_helper, "freed-graph")

    assert (finding.subject, finding.cause) == ("old", "once")


def test_two_losses_are_to_be_added() -> None:
    """The fix has the names of both."""
    assert "(first + second).backward()" in found(two_losses, "freed-graph").fix


def test_a_caught_error_is_a_warning() -> None:
    """The program goes on, but the pass it wanted did not run."""
    assert found(caught, "freed-graph", raises=False).severity is Severity.WARNING


def retained() -> None:
    """Two passes through one graph that is kept."""
    loss = torch.tanh(nn.Linear(3, 1)(torch.randn(5, 3))).sum()
    loss.backward(retain_graph=True)
    loss.backward()


def differentiated_again() -> None:
    """A second derivative."""
    weight = nn.Parameter(torch.ones(3))
    (grad,) = torch.autograd.grad((weight**3).sum(), weight, create_graph=True)
    grad.square().sum().backward()


def checkpointed() -> None:
    """A region that is worked out again."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    for _ in range(2):
        checkpoint(model, torch.randn(5, 3), use_reentrant=False).sum().backward()


def written_where_nobody_needs_it() -> None:
    """In-place writes that autograd handles."""
    rows = nn.Linear(3, 4)(torch.randn(5, 3))
    rows += 1
    rows[0] = 0.0
    torch.relu_(rows).sum().backward()


def other_exceptions() -> None:
    """The program's own exceptions are no failures of its gradients."""
    layer = nn.Linear(3, 1)
    for turn in range(3):
        try:
            if turn == 1:
                raise RuntimeError("out of memory")
            layer(torch.randn(5, 3)).sum().backward()
        except RuntimeError:
            continue


@pytest.mark.parametrize("program", [retained, differentiated_again, checkpointed, written_where_nobody_needs_it, other_exceptions])
def test_what_is_healthy_is_left_alone(program: Program) -> None:
    """Neither an error nor a warning."""
    strong = [each.code for each in findings(program, raises=False) if each.severity is not Severity.NOTE]

    assert [
        code for code in strong if code in ("freed-graph", "inplace-modified", "wrong-gradient", "wrong-gradient-shape", "not-a-scalar")
    ] == []

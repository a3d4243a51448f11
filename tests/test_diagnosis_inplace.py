"""Writes in place that PyTorch refuses: who wrote, at which line, who needed the value, and what to type."""

import pytest
import torch
from failing import Program, found, line_of
from torch import nn

from byhand.findings import Severity


def stepped_between() -> None:
    """An optimizer steps between the forward and its backward."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    result = model(torch.randn(5, 3))
    first, second = result.square().mean(), result.sin().mean()
    first.backward(retain_graph=True)
    optimizer.step()
    second.backward()


def retained_state() -> None:
    """retain_graph=True in the place of detach."""
    cell = nn.RNNCell(3, 4)
    optimizer = torch.optim.SGD(cell.parameters(), lr=0.1)
    state = torch.zeros(2, 4)
    for _ in range(3):
        state = cell(torch.randn(2, 3), state)
        state.square().mean().backward(retain_graph=True)
        optimizer.step()


def added_onto() -> None:
    """The result of a sigmoid is added onto."""
    gate = torch.sigmoid(nn.Linear(3, 4)(torch.randn(5, 3)))
    gate += 1
    gate.sum().backward()


def squared_then_clamped() -> None:
    """A method in place, of an input that is needed."""
    level = nn.Linear(3, 4)(torch.randn(5, 3))
    power = level**2
    level.clamp_(min=0)
    (power + level).sum().backward()


def view_of_a_local() -> None:
    """A view is written whose variables are gone when backward runs."""

    def head(rows: torch.Tensor) -> torch.Tensor:
        inner = torch.exp(rows)
        inner[:, 0].mul_(2)
        return inner * 1.0

    head(nn.Linear(3, 4)(torch.randn(5, 3))).sum().backward()


def rewritten_path() -> None:
    """A path is filled place by place, and each place is made from the one before."""
    start = nn.Parameter(torch.ones(3))
    path = torch.zeros(4, 3)
    path[0] = start
    for step in range(1, 4):
        path[step] = path[step - 1].sin()
    path.sum().backward()


def rectified_by_a_module() -> None:
    """A module works in place on what a sigmoid gave."""
    shown = torch.sigmoid(nn.Linear(3, 4)(torch.randn(5, 3)))
    nn.Sequential(nn.ReLU(inplace=True))(shown).sum().backward()


def stepped_by_hand() -> None:
    """Weights are changed by hand between two passes."""
    layer = nn.Linear(3, 4)
    rows = layer(torch.randn(5, 3, requires_grad=True))
    rows.sum().backward(retain_graph=True)
    with torch.no_grad():
        layer.weight -= 0.1
    rows.square().sum().backward()


@pytest.mark.parametrize(
    ("program", "subject", "line"),
    [
        (stepped_between, "model.1.weight", "optimizer.step()"),
        (retained_state, "weight_hh", "optimizer.step()"),
        (added_onto, "gate", "gate += 1"),
        (squared_then_clamped, "level", "level.clamp_(min=0)"),
        (view_of_a_local, "inner", "inner[:, 0].mul_(2)"),
        (rewritten_path, "path", "path[step] = path[step - 1].sin()"),
        (rectified_by_a_module, "shown", "nn.Sequential(nn.ReLU(inplace=True))(shown).sum().backward()"),
        (stepped_by_hand, "layer.weight", "layer.weight -= 0.1"),
    ],
)
def test_who_wrote_and_what_is_named(program: Program, subject: str, line: str) -> None:
    """The parameter or variable that was overwritten, and the line that wrote it."""
    finding = found(program, "inplace-modified")

    assert (finding.subject, line_of(finding), finding.severity) == (subject, line, Severity.ERROR)


def two_heads() -> None:
    """The weights of two heads are changed, both before their backward."""
    body, first, second = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(4, 2)
    code = body(torch.randn(5, 3))
    left, right = first(code), second(code)
    loss = left.sum() + right.sum()
    with torch.no_grad():
        first.weight.mul_(2)
        second.weight.mul_(2)
    loss.backward()


def test_of_several_the_one_is_named_where_pytorch_stopped() -> None:
    """It is the last made of those that were ready, and the shape in PyTorch's message is of this one."""
    finding = found(two_heads, "inplace-modified")

    assert (finding.subject, "(4, 2)" in finding.what) == ("second.weight", True)


def test_who_needed_it_is_told() -> None:
    """The operation that saved the value, in the chain of causes."""
    assert "`torch.sigmoid(nn.Linear(3, 4)(torch.randn(5, 3)))`" in found(added_onto, "inplace-modified").why


@pytest.mark.parametrize(
    ("program", "advice"),
    [
        (added_onto, "`gate = gate + 1`"),
        (squared_then_clamped, "`level = level.clamp(min=0)`"),
        (rewritten_path, "torch.stack"),
        (rectified_by_a_module, "without inplace=True"),
        (stepped_between, "only after the backward at line"),
        (retained_state, "`state = state.detach()`"),
        (stepped_by_hand, "behind the backward at line"),
    ],
)
def test_the_fix_is_that_of_the_case(program: Program, advice: str) -> None:
    """What to type differs with how it was written."""
    assert advice in found(program, "inplace-modified").fix


def leaf() -> None:
    """A leaf is written while PyTorch records."""
    layer = nn.Linear(3, 4)
    layer.weight[0] = 0.0


def one_of_several_views() -> None:
    """One of the views that unbind gave is written."""
    upper, lower = (nn.Parameter(torch.ones(2, 3)) * 2).unbind()
    upper += 1
    (upper * lower).sum().backward()


@pytest.mark.parametrize(("program", "subject", "cause"), [(leaf, "layer.weight", "leaf"), (one_of_several_views, "upper", "view")])
def test_a_write_refused_at_once_is_told(program: Program, subject: str, cause: str) -> None:
    """PyTorch refuses some writes in the forward already."""
    finding = found(program, "inplace-modified")

    assert (finding.subject, finding.cause) == (subject, cause)

"""PyTorch's own errors of the backward pass: which tensor, which line, and what to type; what is healthy is left alone."""

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from byhand.findings import Finding, Severity
from byhand.run import Run
from byhand.session import Session

Program = Callable[[], object]


def findings(program: Program, *, raises: bool = True) -> list[Finding]:
    """What is found while a program runs, and is ended by PyTorch if it `raises`."""
    torch.manual_seed(0)
    run = Run(judge=False)
    run.session = Session(judge=False, keep=3, diagnose=True)
    if raises:
        with pytest.raises(RuntimeError), run:
            program()
    else:
        with run:
            program()
    assert run.session.recorder.failures == []
    assert run.session.witness is not None
    return list(run.session.witness.findings())


def found(program: Program, code: str, *, raises: bool = True) -> Finding:
    """The one finding of this code."""
    (finding,) = [each for each in findings(program, raises=raises) if each.code == code]
    return finding


def line_of(finding: Finding) -> str:
    """The text of the line that a finding names."""
    assert finding.where is not None
    return finding.where.text.strip()


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


def test_two_losses_are_to_be_added() -> None:
    """The fix has the names of both."""
    assert "(first + second).backward()" in found(two_losses, "freed-graph").fix


def test_a_caught_error_is_a_warning() -> None:
    """The program goes on, but the pass it wanted did not run."""
    assert found(caught, "freed-graph", raises=False).severity is Severity.WARNING


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


class Scaled(torch.autograd.Function):
    """x · scale for one scale of each column; what its backward returns is put in its class."""

    answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]

    @staticmethod
    def forward(ctx, x, scale):
        """Keep both."""
        ctx.save_for_backward(x, scale)
        return x * scale

    @staticmethod
    def backward(ctx, grad):
        """What the test wants."""
        return Scaled.answer(grad, *ctx.saved_tensors)


def scaled(answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]) -> Program:
    """A program with a custom Function whose backward gives this answer."""

    def program() -> None:
        Scaled.answer = answer
        layer, scale = nn.Linear(3, 4), nn.Parameter(torch.ones(4))
        Scaled.apply(layer(torch.randn(5, 3)), scale).sum().backward()

    return program


@pytest.mark.parametrize(
    ("answer", "code", "cause"),
    [
        (lambda grad, x, scale: (grad * scale, (grad * x).sum(1)), "wrong-gradient-shape", ""),
        (lambda grad, x, scale: grad * scale, "wrong-gradient", "count"),
        (lambda grad, x, scale: (grad * scale, 1.0), "wrong-gradient", "type"),
    ],
    ids=["a sum over the wrong axis", "one too few", "a number"],
)
def test_what_a_custom_backward_must_not_return_is_told(
    answer: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object], code: str, cause: str
) -> None:
    """The weight that gets its gradient there, and the place of the backward."""
    finding = found(scaled(answer), code)

    assert (finding.cause, "Scaled.backward" in finding.what) == (cause, True)
    assert finding.subject == "scale"


class Product(torch.autograd.Function):
    """left @ right, whose backward forgets to transpose."""

    @staticmethod
    def forward(ctx, left, right):
        """Keep both."""
        ctx.save_for_backward(left, right)
        return left @ right

    @staticmethod
    def backward(ctx, grad):
        """Shapes that do not go together."""
        left, right = ctx.saved_tensors
        return grad @ right, left.T @ grad


def test_shapes_that_do_not_fit_inside_a_backward_are_told() -> None:
    """The line inside the backward, and the shapes of its tensors."""

    def program() -> None:
        weight = nn.Parameter(torch.ones(3, 4))
        Product.apply(torch.ones(5, 3, requires_grad=True), weight).sum().backward()

    finding = found(program, "wrong-gradient-shape")

    assert line_of(finding) == "return grad @ right, left.T @ grad"
    assert "grad (5, 4), left (5, 3), right (3, 4)" in finding.why


def not_a_scalar() -> None:
    """Backward of four numbers."""
    loss = nn.Linear(3, 1)(torch.randn(4, 3)).square()
    loss.backward()


def test_a_loss_with_several_elements_is_told() -> None:
    """Its name, its shape, and the line."""
    finding = found(not_a_scalar, "not-a-scalar")

    assert (finding.subject, line_of(finding)) == ("loss", "loss.backward()")
    assert "(4, 1)" in finding.what


def test_a_given_gradient_of_another_shape_is_told() -> None:
    """Both shapes."""

    def program() -> None:
        loss = nn.Linear(3, 1)(torch.randn(4, 3))
        loss.backward(torch.ones(4))

    finding = found(program, "wrong-gradient-shape")

    assert (finding.subject, finding.cause) == ("loss", "given")


def test_a_tensor_that_is_not_in_the_graph_is_named() -> None:
    """What torch.autograd.grad was asked for and has no part in the loss."""

    def program() -> None:
        used, unused = nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(3))
        torch.autograd.grad((used * 2).sum(), [used, unused])

    assert [each.subject for each in findings(program) if each.severity is Severity.ERROR] == ["unused"]


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

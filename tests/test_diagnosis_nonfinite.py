"""Where NaN and infinity are born: found with the arithmetic, and what is meant is left alone."""

import pytest
import torch
from spoiled import found, only, train
from torch import nn


def rooted():
    w = torch.zeros(4, requires_grad=True)
    train(lambda: torch.sqrt(w).sum(), [w])


def test_an_infinite_slope_is_told_as_arithmetic():
    """The rule of the operation, the number at the element, and what comes of it."""
    assert only(rooted).why == "∂√w/∂w = 1 / (2 · √w); w[0] = 0 → ∞; 1 · ∞ = ∞."


def test_an_infinite_gradient_counts_without_nan():
    """An infinity alone is found, which detect_anomaly does not look for."""
    assert (only(rooted).code, only(rooted).subject) == ("non-finite-gradient", "w")


def test_the_step_that_spoils_the_weights_is_named():
    """The line of the step that writes it into the weights."""
    assert "The step at spoiled.py" in only(rooted).what


def test_the_line_is_that_of_the_operation():
    """The line where the operation stands, not that of backward."""
    assert "torch.sqrt(w)" in only(rooted).where.text


def masked():
    x = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
    train(lambda: torch.where(x > 0, torch.log(x), 0.0).sum(), [x], steps=1)


def test_a_dead_branch_is_rewritten_with_the_names_of_its_line():
    """What to type: the mask and the operand as the user wrote them."""
    finding = only(masked)

    assert finding.code == "non-finite-dead-branch"
    assert "`safe = torch.where(x > 0, x, 1)`, and there `torch.log(safe)` in place of `torch.log(x)`" in finding.fix


def test_the_branch_that_throws_the_element_away_is_named():
    """The expression that selects, and that 0 · ∞ is NaN."""
    assert "torch.where(x > 0, torch.log(x), 0.0)" in only(masked).why
    assert "0 · ∞ is NaN, not 0" in only(masked).why


def masked_later():
    x = torch.tensor([0.05, 1.0], requires_grad=True)
    train(lambda: torch.where(x > 0.01, x.sqrt(), 2 * x).sum(), [x], steps=9, rate=0.004)


def filled():
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    train(lambda: x.log().masked_fill(x == 0, 0.0).sum(), [x], steps=1)


def multiplied():
    x, mask = torch.tensor([0.0, 1.0], requires_grad=True), torch.tensor([0.0, 1.0])
    train(lambda: torch.sum(x.sqrt() * mask), [x], steps=1)


def indexed():
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    train(lambda: torch.sum(x.sqrt()[x > 0]), [x], steps=1)


def far_away():
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    train(lambda: torch.where(x < 1, 1 - 2 / (1 - x**2).sqrt() * x, x).sum(), [x], steps=1)


@pytest.mark.parametrize("program", [masked_later, filled, multiplied, indexed, far_away])
def test_every_way_to_throw_elements_away_is_known(program):
    """where, masked_fill, a factor of 0 and 1, an index; in a late pass too, and several operations away."""
    assert only(program).code == "non-finite-dead-branch"


def test_a_mask_behind_a_mixing_operation_is_none_of_one_element():
    """A row of softmax that is all −∞ is no dead branch, though nobody takes that row: its operation is what is wrong."""

    def program():
        layer, x = nn.Linear(4, 4), torch.randn(4, 4)
        bias = torch.zeros(4, 4)
        bias[1] = -torch.inf
        train(
            lambda: torch.sum((torch.softmax(layer(x) + bias, dim=-1) @ x)[torch.tensor([True, False, True, True])]),
            layer.parameters(),
            steps=1,
        )

    finding = only(program)
    assert finding.code == "non-finite-gradient"
    assert "all 4 elements of its row [1, :] are −∞" in finding.why


def test_a_loss_that_is_not_finite_is_followed_back_to_its_first_operation():
    """The forward operation that gave an infinity of finite numbers, several operations before the NaN."""

    def program():
        layer = nn.Linear(3, 2)
        x = 1000 * torch.randn(8, 3)
        train(lambda: torch.log(torch.sigmoid(layer(x))).mean() * 0, layer.parameters(), steps=1)

    finding = only(program)
    assert "torch.log(torch.sigmoid(layer(x)))" in finding.what
    assert "F.logsigmoid" in finding.fix


def test_data_that_is_not_finite_is_followed_back_to_the_line_that_made_it():
    """A constant column was divided by its deviation of 0, long before the model."""

    def program():
        raw = torch.randn(6, 2)
        raw[:, 1] = 2.0
        x = (raw - raw.mean(0)) / raw.std(0)
        layer = nn.Linear(2, 1)
        train(lambda: layer(x).square().mean(), layer.parameters(), steps=1)

    finding = only(program)
    assert "raw.std(0)" in finding.where.text
    assert "x[0, 1] = NaN" in finding.why


def test_a_parameter_that_was_never_filled_is_named():
    """The leaf itself, and that it was not finite before anything was done."""

    def program():
        scale = torch.full((3,), torch.nan, requires_grad=True)
        train(lambda: torch.sum(scale * 2), [scale], steps=1)

    assert only(program).why.startswith("scale itself is not finite in 3 elements")


def test_a_mean_of_nothing_is_told_as_such():
    """0 elements, and 0 / 0."""

    def program():
        w = torch.ones(3, requires_grad=True)
        train(lambda: torch.mean((w * 2)[w > 5]), [w], steps=1)

    assert "0 elements" in only(program).why


def test_what_follows_from_the_first_is_not_said_again():
    """One finding, though every later pass is NaN."""

    def program():
        layer, x = nn.Linear(3, 2), torch.zeros(4, 3)
        train(lambda: (layer(x) * 0).sqrt().sum(), layer.parameters(), steps=6)

    assert len(found(program)) == 1


def test_gradients_that_are_asked_for_are_watched_too():
    """torch.autograd.grad, without any .grad."""

    def program():
        w = torch.zeros(3, requires_grad=True)
        torch.autograd.grad(w.sqrt().sum(), [w])

    assert only(program).subject == "w"


def double_where():
    x = torch.tensor([0.0, 1.0], requires_grad=True)
    train(lambda: torch.where(x > 0, torch.where(x > 0, x, 1.0).log(), 0.0).sum(), [x])


def causal():
    layer, x = nn.Linear(4, 4), torch.randn(2, 5, 4)
    mask = torch.full((5, 5), -torch.inf).triu(1)
    train(lambda: torch.sum(torch.softmax(layer(x) @ x.mT + mask, -1) @ x), layer.parameters())


def zero_norm():
    x = torch.zeros(2, 3, requires_grad=True)
    train(lambda: x.norm(dim=1).sum(), [x])


def unused():
    x = torch.zeros(3, requires_grad=True)
    assert torch.log(x.detach()).isinf().all()
    train(lambda: torch.sum(x.square() + 1), [x])


def guarded():
    w = torch.zeros(3, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for number in range(3):
        optimizer.zero_grad()
        ((w - 1).square().sum() if number else w.sqrt().sum()).backward()
        if torch.isfinite(nn.utils.clip_grad_norm_([w], 1.0)):
            optimizer.step()


def mended():
    w = torch.zeros(3, requires_grad=True)
    w.register_hook(lambda grad: torch.nan_to_num(grad, posinf=-1.0))
    train(lambda: w.sqrt().sum(), [w])


@pytest.mark.parametrize("program", [double_where, causal, zero_norm, unused, guarded, mended])
def test_what_is_meant_is_left_alone(program):
    """Safe branches, masks of −∞, norms of 0, values nobody differentiates, steps the program skips, gradients it mends."""
    assert found(program) == []


def test_the_gradients_are_those_of_a_program_alone():
    """Nothing of the watched program is changed, not even where NaN is followed."""

    def program():
        x = torch.tensor([0.0, 1.0, 4.0], requires_grad=True)
        torch.where(x > 0, torch.log(x), 0.0).sum().backward()
        return x.grad

    watched = []
    found(lambda: watched.append(program()))
    assert torch.equal(watched[0].nan_to_num(nan=7.0), program().nan_to_num(nan=7.0))

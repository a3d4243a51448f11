"""Where NaN and infinity are born, what float16 cannot hold, and what is rounded away: found with its numbers, and nothing else is."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from byhand.run import Run

CODES = ("non-finite-gradient", "non-finite-dead-branch", "fp16-overflow", "fp16-underflow", "lost-in-rounding")


def found(program):
    """What is found in a program, of these kinds; byhand itself must not fail."""
    torch.manual_seed(3)
    run = Run(judge=False, diagnose=True)
    with run:
        program()
    assert not run.session.recorder.failures
    return [finding for finding in run.findings if finding.code in CODES]


def only(program):
    """The one finding in a program."""
    findings = found(program)
    assert len(findings) == 1, findings
    return findings[0]


def train(loss_of, parameters, *, steps=2, rate=0.01):
    """A few steps of training."""
    optimizer = torch.optim.SGD(parameters, lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()


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
    assert "The step at test_diagnosis_nonfinite.py" in only(rooted).what


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


def half_sum():
    layer, x = nn.Linear(16, 64).half(), (50 * torch.randn(8, 16)).half()
    train(lambda: torch.rsqrt(1 + layer(x).pow(2).sum(-1).float()).mean(), layer.parameters(), steps=1)


def test_an_overflow_behind_a_finite_loss_is_a_warning():
    """The sum is infinite, the loss is not: the part behind it gets no gradient."""
    finding = only(half_sum)

    assert (finding.code, finding.severity.value) == ("fp16-overflow", "warning")
    assert "the largest float16" in finding.why


def test_a_loss_that_overflows_in_half_is_one():
    """A loss of more than 65,504."""

    def program():
        layer, x = nn.Linear(64, 64).half(), (20 * torch.randn(256, 64)).half()
        train(lambda: layer(x).square().sum(), layer.parameters(), steps=1)

    assert only(program).code == "fp16-overflow"


def small_gradients(scaler=None):
    layer, x = nn.Linear(32, 32), torch.randn(2048, 32)
    target = layer(x).detach() + 1e-4 * torch.randn(2048, 32)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    for _ in range(2):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            guess = layer(x)
        loss = F.mse_loss(guess.float(), target)
        if scaler is None:
            loss.backward()
            optimizer.step()
        else:
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()


def test_gradients_that_half_rounds_to_zero_are_counted():
    """At the line of backward, where a scaler is missing."""
    finding = only(small_gradients)

    assert finding.code == "fp16-underflow"
    assert "loss.backward()" in finding.where.text


def test_a_scaled_loss_is_left_alone():
    """With a scaler the same gradients are kept."""
    assert found(lambda: small_gradients(torch.amp.GradScaler("cpu", init_scale=2.0**12))) == []


def test_a_scaler_that_is_switched_off_scales_nothing():
    """`enabled=False`, as on a machine without a GPU."""
    assert only(lambda: small_gradients(torch.amp.GradScaler("cpu", enabled=False))).code == "fp16-underflow"


def test_the_steps_that_a_scaler_skips_are_its_own_business():
    """A scale that starts too high overflows a few times, and falls."""

    def program():
        layer, x = nn.Linear(16, 4), torch.randn(8, 16)
        optimizer, scaler = torch.optim.SGD(layer.parameters(), lr=0.01), torch.amp.GradScaler("cpu", init_scale=2.0**24)
        for _ in range(12):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                loss = layer(x).square().mean()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()

    assert found(program) == []


def rounded_away(rate=1e-6, dtype=torch.bfloat16):
    layer, x = nn.Linear(16, 16).to(dtype), torch.randn(8, 16).to(dtype)
    train(lambda: layer(x).float().square().mean(), [layer.weight], steps=5, rate=rate)


def test_steps_that_are_rounded_away_are_counted():
    """Weight, step and unit in the last place."""
    finding = only(rounded_away)

    assert (finding.code, finding.subject) == ("lost-in-rounding", "layer.weight")
    assert "bfloat16 has 8 binary digits" in finding.why


def test_the_step_of_adam_is_its_own_formula():
    """The learning rate, whatever the size of the gradient: a weight of 1 needs 0.004 in bfloat16."""

    def program():
        layer, x = nn.Linear(16, 16).bfloat16(), torch.randn(8, 16).bfloat16()
        nn.init.ones_(layer.weight)
        optimizer = torch.optim.AdamW([layer.weight], lr=1e-4)
        for _ in range(3):
            optimizer.zero_grad()
            layer(x).float().square().mean().backward()
            optimizer.step()

    assert "one weight is 1, its step 9.9" in only(program).why


def test_steps_that_arrive_are_not_lost():
    """The same with a larger step, and with a finer format."""
    assert found(lambda: rounded_away(0.5)) == []
    assert found(lambda: rounded_away(1e-3, torch.float32)) == []


def test_a_rate_that_warms_up_is_left_alone():
    """The first steps are lost, the later ones are not."""

    def program():
        layer, x = nn.Linear(16, 4).bfloat16(), torch.randn(8, 16).bfloat16()
        optimizer = torch.optim.SGD(layer.parameters(), lr=1e-5)
        for number in range(8):
            optimizer.param_groups[0]["lr"] = 1e-5 * 10 ** min(number, 5)
            optimizer.zero_grad()
            layer(x).float().square().mean().backward()
            optimizer.step()

    assert found(program) == []


def test_a_step_that_the_program_takes_itself_is_compared_too():
    """`offset -= rate * offset.grad`, at that line."""

    def program():
        offset = torch.full((12,), 1013.0, dtype=torch.float16, requires_grad=True)
        for _ in range(5):
            (offset.float() - 1010).square().mean().backward()
            with torch.no_grad():
                offset -= 0.05 * offset.grad
            offset.grad = None

    assert only(program).subject == "offset"
    assert "offset -= 0.05" in only(program).where.text


def test_a_sum_that_stands_still_is_found():
    """256 + 1 is 256 in bfloat16."""

    def program():
        seen = torch.full((), 250.0, dtype=torch.bfloat16)
        for _ in range(20):
            seen += torch.ones((), dtype=torch.bfloat16)

    assert only(program).subject == "seen"


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

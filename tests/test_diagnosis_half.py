"""What float16 cannot hold, and what is rounded away: found with its numbers, and nothing else is."""

import torch
import torch.nn.functional as F
from spoiled import found, only, train
from torch import nn


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

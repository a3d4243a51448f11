"""Faults of the training loop: what is found, and what healthy loops are left alone."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from byhand.findings import Finding, Severity
from byhand.run import Run
from byhand.session import Session

Loop = Callable[[nn.Linear, torch.optim.Optimizer], None]
STEPS = 4


def found(loop: Loop, optimizer: type[torch.optim.SGD] | type[torch.optim.Adam] = torch.optim.SGD) -> list[Finding]:
    """What is found while a loop trains a small model."""
    torch.manual_seed(0)
    run = Run(judge=False)
    run.session = Session(judge=False, keep=3, diagnose=True)
    with run:
        model = nn.Linear(3, 1)
        loop(model, optimizer(model.parameters(), lr=0.1))
    assert run.session.witness is not None
    return list(run.session.witness.findings())


def codes(findings: list[Finding]) -> set[str]:
    """The codes of what is more than a note."""
    return {finding.code for finding in findings if finding.severity is not Severity.NOTE}


def loss_of(model: nn.Linear) -> torch.Tensor:
    """The mean square of a random batch's results."""
    return model(torch.randn(8, 3)).square().mean()


def never_cleared(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    """Steps without zero_grad."""
    for _ in range(STEPS):
        loss_of(model).backward()
        optimizer.step()


def cleared_too_soon(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    """Gradients are cleared just before the step."""
    for _ in range(STEPS):
        loss_of(model).backward()
        optimizer.zero_grad(set_to_none=False)
        optimizer.step()


def clipped_too_soon(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    """Scaled gradients are clipped."""
    scaler = torch.amp.GradScaler("cpu")
    for _ in range(STEPS):
        optimizer.zero_grad()
        scaler.scale(loss_of(model)).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()


def never_finite(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    """A scaler skips every step."""
    scaler = torch.amp.GradScaler("cpu")
    for _ in range(STEPS):
        optimizer.zero_grad()
        scaler.scale((model(torch.randn(8, 3)) * 0).sqrt().mean()).backward()
        scaler.step(optimizer)
        scaler.update()


def summed(model: nn.Linear, optimizer: torch.optim.Optimizer, share: float = 1.0) -> None:
    """Means of small batches are summed before each step."""
    for _ in range(STEPS):
        optimizer.zero_grad()
        for _ in range(4):
            loss = loss_of(model) if share == 1 else loss_of(model) * share
            loss.backward()
        optimizer.step()


def averaged(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    """The same, each mean with its share."""
    summed(model, optimizer, 0.25)


def with_closure(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
    """LBFGS calls a closure that clears."""
    second = torch.optim.LBFGS(model.parameters(), max_iter=4)
    rows = torch.randn(8, 3)

    def closure() -> float:
        optimizer.zero_grad()
        loss = (model(rows) - 1).square().mean()
        loss.backward()
        return loss.item()

    for _ in range(STEPS):
        second.step(closure)


@pytest.mark.parametrize(
    ("loop", "code"),
    [
        (never_cleared, "gradient-accumulated"),
        (cleared_too_soon, "gradient-cleared-before-step"),
        (clipped_too_soon, "clip-before-unscale"),
        (never_finite, "step-skipped"),
        (summed, "accumulation-not-scaled"),
    ],
)
def test_a_fault_of_the_loop_is_found(loop: Loop, code: str) -> None:
    """Each fault is named by its code, at a line of the loop itself."""
    seen = next(finding for finding in found(loop) if finding.code == code)
    assert seen.where is not None
    assert seen.where.file == __file__


@pytest.mark.parametrize("loop", [averaged, with_closure])
def test_a_healthy_loop_is_left_alone(loop: Loop) -> None:
    """Accumulation with its share, and closures that clear, are no fault."""
    assert not codes(found(loop))


def test_a_sum_hardly_matters_to_adam() -> None:
    """What an optimizer is indifferent to is a note."""
    assert [each.severity for each in found(summed, torch.optim.Adam) if each.code == "accumulation-not-scaled"] == [Severity.NOTE]


@pytest.mark.parametrize(("keeps", "severity"), [(True, Severity.WARNING), (False, Severity.NOTE)])
def test_a_hook_that_also_looks_is_a_warning(keeps: bool, severity: Severity) -> None:
    """A hook that changes the gradient may be meant to; one that keeps something besides was meant to look."""
    sizes: list[float] = []

    def looking(grad: torch.Tensor) -> torch.Tensor:
        sizes.append(grad.norm().item())
        return grad / grad.norm()

    def scaling(grad: torch.Tensor) -> torch.Tensor:
        return grad / 2

    def loop(model: nn.Linear, optimizer: torch.optim.Optimizer) -> None:
        model.weight.register_hook(looking if keeps else scaling)
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss_of(model).backward()
            optimizer.step()

    assert [each.severity for each in found(loop) if each.code == "gradient-rewritten-by-hook"] == [severity]

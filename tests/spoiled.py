"""Programs whose numbers go wrong, watched: what is found in them."""

import torch

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

"""Gradients that vanish, explode, or stop at units that are dead or saturated: found with their numbers, and nothing else is."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from byhand.diagnosis import KINDS
from byhand.run import Run

CODES = ("vanishing-gradient", "exploding-gradient", "dead-unit", "saturated")
ROWS, LABELS = torch.randn(64, 6, generator=torch.Generator().manual_seed(5)), torch.arange(64) % 2


def found(program):
    """What is found in a program, of these kinds; byhand itself must not fail."""
    torch.manual_seed(3)
    run = Run(judge=False, diagnose=True)
    with run:
        program()
    assert not run.session.recorder.failures
    return [finding for finding in run.findings if finding.code in CODES]


def train(model, loss_of, *, steps=3, rate=0.1):
    """A few steps of training."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    for _ in range(steps):
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()


def classify(model, **options):
    """A small classifier, trained."""
    train(model, lambda: F.cross_entropy(model(ROWS), LABELS), **options)


def deep(activation, *, layers, gain=None):
    """Many narrow layers and a head."""
    parts = [nn.Linear(6, 16), activation()]
    for _ in range(layers - 1):
        parts += [nn.Linear(16, 16), activation()]
    model = nn.Sequential(*parts, nn.Linear(16, 2))
    for layer in model if gain else ():
        if isinstance(layer, nn.Linear):
            nn.init.orthogonal_(layer.weight, gain)
    return model


def deep_sigmoids():
    classify(deep(nn.Sigmoid, layers=14))


def deep_small_tanhs():
    classify(deep(nn.Tanh, layers=12, gain=0.2))


def deep_large():
    classify(deep(nn.Identity, layers=16, gain=3.0), steps=1, rate=1e-12)


def recurrence():
    weight = torch.tensor(1.8, requires_grad=True)
    state = torch.ones(4)
    for _ in range(30):
        state = weight * state + 0.1
    state.mean().backward()


def runaway():
    model = nn.Linear(6, 1)
    train(model, lambda: F.mse_loss(model(10 * ROWS), ROWS[:, :1]), steps=20)


def quiet(activation, *, units=32, silent=32):
    """A layer, some of whose units are far below zero for every row."""

    def program():
        model = nn.ModuleList([nn.Linear(6, units), nn.Linear(units, 2)])
        with torch.no_grad():
            model[0].bias[:silent] = -80.0
        train(model, lambda: F.cross_entropy(model[1](activation(model[0](ROWS))), LABELS))

    return program


def quiet_channels():
    model = nn.Sequential(nn.Conv1d(1, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2))
    nn.init.constant_(model[0].bias, -80.0)
    train(model, lambda: F.cross_entropy(model(ROWS[:, None]), LABELS))


def pinned(function, start):
    """A tensor that starts at the flat end of a function."""

    def program():
        raw = torch.full((5,), start, requires_grad=True)
        train(nn.ParameterList([raw]), lambda: (function(raw) - 0.3).square().sum())

    return program


def wide_tanh():
    model = nn.Sequential(nn.Linear(6, 30), nn.Tanh(), nn.Linear(30, 2))
    nn.init.normal_(model[0].weight, std=300.0)
    classify(model)


def one_hot_attention():
    query, key = nn.Linear(6, 32), nn.Linear(6, 32)
    rows = 60 * ROWS.view(4, 16, 6)
    model = nn.ModuleList([query, key])
    train(model, lambda: F.mse_loss((query(rows) @ key(rows).transpose(1, 2)).softmax(-1) @ rows, rows.flip(1)), rate=1e-4)


FAULTY = [
    (deep_sigmoids, "vanishing-gradient"),
    (deep_small_tanhs, "vanishing-gradient"),
    (deep_large, "exploding-gradient"),
    (recurrence, "exploding-gradient"),
    (runaway, "exploding-gradient"),
    (quiet(torch.relu), "dead-unit"),
    (quiet(lambda rows: rows.clamp(min=0)), "dead-unit"),
    (quiet(lambda rows: rows * (rows > 0)), "dead-unit"),
    (quiet(lambda rows: torch.where(rows > 0, rows, 0.0)), "dead-unit"),
    (quiet(F.gelu), "dead-unit"),
    (quiet_channels, "dead-unit"),
    (pinned(lambda raw: raw.clamp(-1, 1), 5.0), "saturated"),
    (pinned(torch.sigmoid, 30.0), "saturated"),
    (pinned(F.hardtanh, -4.0), "saturated"),
    (wide_tanh, "saturated"),
    (one_hot_attention, "saturated"),
]


@pytest.mark.parametrize(("program", "code"), FAULTY)
def test_a_fault_of_scale_is_found(program, code):
    """Once, with a subject and a line."""
    findings = found(program)

    assert [finding.code for finding in findings] == [code]
    assert findings[0].subject
    assert findings[0].where is not None


def head_at_zero():
    model = deep(nn.ReLU, layers=6, gain=1.4)
    nn.init.zeros_(model[-1].weight)
    classify(model, rate=1e-6)


def recurrent():
    cell, head = nn.RNN(6, 16), nn.Linear(16, 2)
    sequences = torch.randn(50, 64, 6)
    train(nn.ModuleList([cell, head]), lambda: F.cross_entropy(head(cell(sequences)[0][-1]), LABELS))


def hinge():
    model = nn.Linear(6, 1)
    nn.init.constant_(model.bias, 50.0)
    train(model, lambda: F.relu(1 - model(ROWS)).mean() + model.weight.square().sum())


def confident():
    model = nn.Linear(6, 1)
    nn.init.constant_(model.weight, 100.0)
    target = (ROWS.sum(1, keepdim=True) > 0).float()
    train(model, lambda: F.binary_cross_entropy(torch.sigmoid(model(ROWS)), target))


def sample_by_sample():
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for row, label in zip(ROWS[:16], LABELS, strict=False):
        optimizer.zero_grad()
        F.cross_entropy(model(row[None]), label[None]).backward()
        optimizer.step()


def waking():
    """Silent in the first pass only."""
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    nn.init.constant_(model[0].bias, -80.0)
    classify(model, steps=1)
    nn.init.zeros_(model[0].bias)
    classify(model)


def dozing():
    """Silent in the last pass only."""
    model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
    classify(model)
    nn.init.constant_(model[0].bias, -80.0)
    classify(model, steps=1)


HEALTHY = [
    lambda: classify(deep(nn.ReLU, layers=8)),
    head_at_zero,
    recurrent,
    hinge,
    confident,
    sample_by_sample,
    waking,
    dozing,
    quiet(torch.relu, units=64, silent=8),
    pinned(lambda raw: raw.clamp(-20, 2), 1.0),
]


@pytest.mark.parametrize("program", HEALTHY)
def test_what_is_normal_is_not_reported(program):
    """Zero heads, hinge losses, recurrent nets, confident outputs, single samples, a few dead units."""
    assert found(program) == []


def test_a_step_that_is_lost_in_rounding_makes_vanishing_an_error():
    """Whether the first layer can move at all is told with the learning rate in use."""
    (finding,) = found(deep_sigmoids)

    assert finding.severity.value == "error"
    assert "less than its rounding" in finding.why
    assert "14 layers" in finding.what


def test_most_units_dead_is_a_warning():
    """The layer still learns with what is left."""
    (finding,) = found(quiet(torch.relu, units=64, silent=60))

    assert finding.severity.value == "warning"
    assert finding.what.startswith("60 of 64 units are dead")


@pytest.mark.parametrize("code", CODES)
def test_every_kind_has_a_page_and_an_example(code):
    """Its docstring tells what is measured; the example exists."""
    assert len(KINDS[code].__doc__.splitlines()) > 8
    assert KINDS[code].example.endswith(".py")

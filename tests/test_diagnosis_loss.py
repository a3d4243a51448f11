"""Losses of all pairs, of probabilities for scores, of samples mixed with each other: found, and what is meant is left in peace."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from byhand.run import Run

CODES = ("loss-broadcast", "double-softmax", "batch-leak")
ROWS = torch.randn(80, 6, generator=torch.Generator().manual_seed(5))
SEQUENCES = torch.randn(20, 5, 6, generator=torch.Generator().manual_seed(6))
LABELS, VALUES = torch.arange(80) % 4, ROWS.sum(1)


def found(loss_of, *models):
    """What is found in two steps of training, of these kinds; byhand itself must not fail."""
    optimizer = torch.optim.SGD(nn.ModuleList(models).parameters(), lr=0.01)
    run = Run(judge=False, diagnose=True)
    with run:
        for _ in range(2):
            optimizer.zero_grad()
            loss_of(*models).backward()
            optimizer.step()
    assert not run.session.recorder.failures
    return [finding for finding in run.findings if finding.code in CODES]


def by_log_prob(model):
    return -torch.distributions.Normal(model(ROWS), 1.0).log_prob(VALUES).mean()


def maps(model):
    return (model(ROWS).view(5, 1, 4, 4) - VALUES.view(5, 4, 4)).abs().mean()


BROADCAST = [
    lambda model: (model(ROWS) - VALUES).square().mean(),
    lambda model: F.mse_loss(model(ROWS), VALUES),
    lambda model: F.l1_loss(VALUES.unsqueeze(1), model(ROWS).squeeze(1)),
    by_log_prob,
    maps,
]


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("loss_of", BROADCAST)
def test_a_loss_of_all_pairs_is_found(loss_of):
    """[N, 1] with [N], also inside loss functions and distributions, also as maps; the fix has the dimension."""
    (finding,) = found(loss_of, nn.Linear(6, 1))

    assert (finding.code, finding.severity.value) == ("loss-broadcast", "error")
    assert "numbers instead of 80" in finding.what
    assert "squeeze(" in finding.fix


def ranked(model):
    score = model(ROWS).squeeze(1)
    return F.softplus(score - score[:, None]).mean()


def tabled(model):
    return F.mse_loss(model(ROWS) + torch.nn.Parameter(torch.zeros(80)), torch.zeros(80, 80))


def outer(model):
    score = model(ROWS)
    return F.mse_loss(score * score.T, torch.zeros(80, 80))


PAIRED = [lambda model: F.mse_loss(model(ROWS).squeeze(1), VALUES), ranked, tabled, outer]


@pytest.mark.parametrize("loss_of", PAIRED)
def test_pairs_that_are_meant_are_not_reported(loss_of):
    """Written with None, of a tensor with itself, with a parameter of that size, or of rows with columns."""
    assert found(loss_of, nn.Linear(6, 1)) == []


def by_hand(model):
    size = model(ROWS).exp()
    return F.cross_entropy(size / size.sum(1, keepdim=True), LABELS)


DOUBLED = [
    lambda model: F.cross_entropy(model(ROWS).softmax(1), LABELS),
    lambda model: F.cross_entropy(model(ROWS).softmax(1).view(8, 10, 4).permute(0, 2, 1), LABELS.view(8, 10)),
    lambda model: F.nll_loss(F.log_softmax(torch.softmax(model(ROWS), 1), 1), LABELS),
    lambda model: F.binary_cross_entropy_with_logits(model(ROWS).sigmoid(), ROWS[:, :4].sigmoid()),
    lambda model: -torch.distributions.Categorical(logits=model(ROWS).softmax(1)).log_prob(LABELS).mean(),
    by_hand,
]


@pytest.mark.parametrize("loss_of", DOUBLED)
def test_probabilities_for_scores_are_found(loss_of):
    """Through views, with targets of every kind, by hand, and inside distributions."""
    (finding,) = found(loss_of, nn.Linear(6, 4))

    assert (finding.code, finding.severity.value) == ("double-softmax", "error")


SINGLE = [
    lambda model: F.nll_loss(model(ROWS).softmax(1).log(), LABELS),
    lambda model: -torch.distributions.Categorical(probs=model(ROWS).softmax(1)).log_prob(LABELS).mean(),
    lambda model: F.cross_entropy(10 * model(ROWS).tanh(), LABELS),
    lambda model: -(model(ROWS[:4]).log_softmax(0).log_softmax(1).exp() * torch.eye(4)).sum(),
]


@pytest.mark.parametrize("loss_of", SINGLE)
def test_one_softmax_is_not_two(loss_of):
    """With its logarithm, squashed scores, or over two dimensions in turn."""
    assert found(loss_of, nn.Linear(6, 4)) == []


def test_log_softmax_twice_is_a_note():
    """It changes no gradient."""
    (finding,) = found(lambda model: F.cross_entropy(model(ROWS).log_softmax(1), LABELS), nn.Linear(6, 4))

    assert finding.severity.value == "note"


def over_samples(model):
    return F.nll_loss(model(ROWS).softmax(0).log(), LABELS)


def gru(model, head):
    return F.cross_entropy(head(model(SEQUENCES)[0][:, -1]), LABELS[:20])


def attention(model, head):
    return F.cross_entropy(head(model(SEQUENCES, SEQUENCES, SEQUENCES)[0].mean(1)), LABELS[:20])


def viewed(model, head):
    return F.cross_entropy(head(model(SEQUENCES.view(5, 20, 6))[0][-1]), LABELS[:20])


LEAKING = [
    (over_samples, (nn.Linear(6, 4),)),
    (gru, (nn.GRU(6, 8), nn.Linear(8, 4))),
    (attention, (nn.MultiheadAttention(6, 2), nn.Linear(6, 4))),
    (viewed, (nn.GRU(6, 8), nn.Linear(8, 4))),
]


@pytest.mark.parametrize(("loss_of", "models"), LEAKING)
def test_samples_that_are_mixed_are_found(loss_of, models):
    """By a softmax over them, a layer that takes them for time, a view that cuts them up."""
    findings = found(loss_of, *models)

    assert [finding.code for finding in findings] == ["batch-leak"]
    assert "20" in findings[0].what or "80" in findings[0].what


def time_first(model, head):
    return F.cross_entropy(head(model(SEQUENCES)[0].mean(0)), LABELS[:5])


def bag(model, head):
    pooled = [(head(model(rows)).softmax(0) * model(rows)).sum(0) for rows in ROWS.split(20)]
    return F.cross_entropy(torch.stack(pooled), LABELS[:4])


def contrasted(model, other):
    similar = model(ROWS[:8]) @ other(ROWS[:8]).T
    return -(similar.softmax(0).diag().log() + similar.softmax(1).diag().log()).mean()


def standardized(model, head):
    rows = model(ROWS)
    return F.cross_entropy(head((rows - rows.mean(0)) / rows.std(0)), LABELS)


def running(model, head):
    return F.mse_loss(head(model(ROWS)).cumsum(0), VALUES[:, None])


KEPT = [
    (time_first, (nn.GRU(6, 8), nn.Linear(8, 4))),
    (gru, (nn.GRU(6, 8, batch_first=True), nn.Linear(8, 4))),
    (bag, (nn.Linear(6, 8), nn.Linear(8, 1))),
    (contrasted, (nn.Linear(6, 8), nn.Linear(6, 8))),
    (standardized, (nn.Linear(6, 8), nn.Linear(8, 4))),
    (running, (nn.Linear(6, 8), nn.Linear(8, 1))),
]


@pytest.mark.parametrize(("loss_of", "models"), KEPT)
def test_what_mixes_on_purpose_is_not_reported(loss_of, models):
    """Time first, bags pooled into one row, similarities, standardizing, a running sum along one trajectory."""
    assert found(loss_of, *models) == []

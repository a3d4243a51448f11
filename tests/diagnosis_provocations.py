"""The errors of diagnosis, provoked as its reader would. Each gives the text it got."""

import re

import pytest
import torch
from provocations import raised, weight

import byhand
from byhand import errors


def not_diagnosed(capsys):
    """A recording that only noted calls is asked what is wrong."""
    with byhand.record(judge=False) as run:
        weight().exp().backward()
    return raised(run.diagnose)


def no_such_way(capsys):
    """A word that record() does not know."""
    return raised(lambda: byhand.record(diagnose="loud"))


def nothing_to_draw(capsys):
    """The picture of a diagnosis that judged nothing."""
    with byhand.record(diagnose=True) as run:
        weight().exp().backward()
    return raised(run.diagnose().to_svg)


def fault_found(capsys):
    """Gradients that are never cleared, raised at once."""
    w = weight()
    optimizer = torch.optim.SGD([w], lr=0.1)

    def train():
        for _ in range(3):
            (w * w).backward()
            optimizer.step()

    with byhand.record(diagnose="raise"), pytest.raises(errors.FaultFound) as found:
        train()
    return re.sub(r"\S*provocations\.py:\d+", "provocations.py:LINE", found.value.report())

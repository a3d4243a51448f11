"""Small real models from the loss to the weights: every node compared, every weight's gradient by hand agrees with PyTorch's."""

from dataclasses import replace

import pytest
import torch
import zoo_report
from zoo import GRAPHS

from byhand.results import Verdict
from byhand.rules.table import TABLE

NAMES = (*GRAPHS, *(f"{name}{setting}" for name in ("gpt2", "llama", "bert", "mixtral", "vit") for setting in ("", ", eager attention")))


@pytest.fixture(scope="module")
def builders():
    """Every graph of the zoo."""
    pytest.importorskip("transformers")
    return zoo_report.builders()


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_worked_by_hand(builders, name):
    """Nothing differs, every node is compared, every weight agrees, and docs/zoo.md says so of this graph."""
    made = zoo_report.worked(builders[name])

    assert made.coverage.differ == 0
    assert made.coverage.not_compared == 0
    assert [leaf.name for leaf in made.leaves if leaf.comparison.verdict is not Verdict.AGREES] == []
    assert [leaf.index for leaf in made.leaves if not leaf.name] == []
    assert zoo_report.row(name, made) in zoo_report.PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_a_model_in_double_precision(builders, name):
    """The same in float64, where rounding can hide ten million times less."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        made = zoo_report.worked(builders[name])
    finally:
        torch.set_default_dtype(before)

    assert (made.coverage.differ, made.coverage.not_compared) == (0, 0)
    assert [leaf.name for leaf in made.leaves if leaf.comparison.verdict is not Verdict.AGREES] == []


def test_a_planted_mistake_is_found_where_it_is(builders, monkeypatch):
    """One rule a thousandth off: its nodes differ, no other node does, and the weights behind it differ too."""
    right = TABLE["AddmmBackward0", 1]
    wrong = [replace(rule, function=_off_by_a_thousandth(rule.function)) for rule in right]
    monkeypatch.setitem(TABLE, ("AddmmBackward0", 1), wrong)

    made = zoo_report.worked(builders["mlp"])

    differing = {step.op for step in made.steps for each in step.contributions if each.comparison.verdict is Verdict.DIFFERS}
    assert differing == {"AddmmBackward0"}
    assert any(leaf.comparison.verdict is Verdict.DIFFERS for leaf in made.leaves)


def _off_by_a_thousandth(function):
    return lambda *operands: function(*operands) * 1.001


def test_the_page_has_every_graph(builders):
    """docs/zoo.md has a line for each graph and nothing that was not compared."""
    text = zoo_report.PAGE.read_text(encoding="utf-8")

    assert [name for name in builders if f"| {name} |" not in text] == []
    assert "None: every node of every graph was compared." in text

"""PyTorch's own samples of its operators: every node worked by hand, nothing differs that is not a named mistake of PyTorch's."""

import ast
from pathlib import Path

import opinfo
import opinfo_report
import planted
import pytest
import torch
from defects import DEFECTS, expected
from opinfo_report import MOST_PLANTED, SUITE
from opinfo_tally import NAMED, NOT, tallied
from rules_page import UNTAUGHT, classes, rules_page, why_none

from byhand.rules.table import TABLE

PARTS = 4
ON_PLANTED = 29  # every so many-th operator has mistakes planted into its rules


@pytest.fixture(scope="module")
def figures():
    """What the whole report measured."""
    return opinfo_report.read()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", SUITE)
def test_opinfo_is_worked_by_hand(name, part, figures):
    """In the samples that the suite looks at nothing differs but by PyTorch's mistakes, and no operator or class is lost."""
    names = sorted(opinfo.operators())[part::PARTS]
    tally = tallied(NAMED[name], SUITE[name], names=names)
    held = figures["suite"][name]

    assert set(tally.differing) <= expected(name)
    assert tally.leaves["differ"] == 0
    assert [operator for operator in held["covered"] if operator in names and operator not in tally.covered()] == []
    assert [node for node in held["classes"] if node in tally.classes and node not in tally.agreeing()] == []
    print(f"{name}: {len(tally.covered())} of {len(tally.operators)} operators covered, {len(tally.agreeing())} classes")


@pytest.mark.filterwarnings("ignore")
def test_a_wrong_rule_is_found(monkeypatch):
    """With one rule a millionth off, its class differs, and no other: the tally is able to fail."""
    place = "TanhBackward0", 0
    monkeypatch.setitem(TABLE, place, planted.wrong_rules(TABLE[place], 1e-6))

    tally = tallied(torch.float64, 2, names={"tanh", "sin"})

    assert set(tally.differing) == {"TanhBackward0"}
    assert tally.covered() == ["sin"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["float64", "float32", "bfloat16", "complex128"])
def test_planted_mistakes_are_caught(name, figures):
    """A relative error of 1e-9, 1e-4 or 5e-2 in every rule differs in each class of a sample of the operators."""
    names = sorted(opinfo.operators())[::ON_PLANTED]

    found = planted.caught(NAMED[name], MOST_PLANTED, names)

    assert found
    assert [node for node, sizes in found.items() if not planted.any_caught(sizes) and node not in figures["planted"][name]["never"]] == []


def test_a_class_without_operators_is_not_covered():
    """An operator whose nodes have no rule is not counted as covered."""
    tally = tallied(torch.float64, 1, names={"nn.functional.linear"})
    tally.node("nn.functional.linear", "Unknown", NOT, "no rule", second=False)
    tally.operators["nn.functional.linear"][NOT] += 1

    assert tally.covered() == []


def test_the_page_of_figures_is_what_was_measured(figures):
    """docs/opinfo.md says what the figures say; `python tests/opinfo_report.py` writes both."""
    assert opinfo_report.PAGE.read_text(encoding="utf-8") == opinfo_report.page(figures)


def test_the_page_of_rules_is_the_table(figures):
    """docs/rules.md shows every class and every rule as they are; `python tests/opinfo_report.py pages` writes it."""
    assert opinfo_report.RULES.read_text(encoding="utf-8") == rules_page(opinfo_report.reached(figures))


def test_nothing_differs_but_pytorch_s_mistakes(figures):
    """In the whole report, too, in every dtype: only named classes differ, and each of them does."""
    for name, found in figures["found"].items():
        assert set(found["differing"]) == expected(name), name
        assert found["leaves"]["differ"] == 0, name


def test_a_mistake_of_pytorch_s_is_shown():
    """Each class that may differ has a test that shows PyTorch's gradient not to be the slope."""
    source = (Path(__file__).parent / "test_pytorch_is_wrong.py").read_text(encoding="utf-8")
    tests = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}

    assert [each.shown for each in DEFECTS if each.shown.partition("[")[0] not in tests] == []
    assert [each.shown for each in DEFECTS if each.shown.partition("[")[2].removesuffix("]") not in source] == []


def test_a_class_without_a_rule_says_why():
    """Every registered class has rules, or a reason why there are none."""
    assert [name for name in classes() if name not in {node for node, _ in TABLE} and why_none(name) == UNTAUGHT] == []

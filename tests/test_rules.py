"""Every rule of the table against two oracles that are not ours: PyTorch's own node, and central differences."""

from dataclasses import replace

import pytest
import torch
from rule_examples import ONLY_FLOAT32, RULES, beside_differences, beside_torch, identity, is_zero, made_here

from byhand.formula import read
from byhand.formula.unicode import expression_text
from byhand.rules.table import TABLE

DRAWN = "PyTorch passes no gradient through a random draw, though the same seed moves with the parameters"
STRAIGHT_THROUGH = "rounding to a level is a staircase; its gradient is that of the line through it"
NOT_A_DERIVATIVE = {
    "FakeQuantizePerTensorAffineCachemaskBackward0": STRAIGHT_THROUGH,
    "FakeQuantizePerTensorAffineCachemaskTensorQparamsBackward0": STRAIGHT_THROUGH,
    "FakeQuantizePerChannelAffineCachemaskBackward0": STRAIGHT_THROUGH,
    "FakeQuantizeLearnablePerTensorAffineBackward0": STRAIGHT_THROUGH,
    "FakeQuantizeLearnablePerChannelAffineBackward0": STRAIGHT_THROUGH,
    "FusedMovingAvgObsFqHelperBackward0": STRAIGHT_THROUGH,
    "ToCopyBackward0": "rounding to a shorter dtype is a staircase; its gradient is that of the line through it",
    "NormalBackward1": DRAWN,
    "NormalBackward2": DRAWN,
    "NormalBackward3": DRAWN,
    "StandardGammaBackward0": "another shape rejects other candidates; tests/test_rule_of_gamma.py follows the quantile",
}
"""Classes whose gradient PyTorch defines otherwise than as the derivative of what the forward computes -> how."""

PYTORCH_IS_WRONG = {
    "AsStridedScatterBackward0:0:as_strided_scatter_self": "PyTorch 2.13 passes on the part that was overwritten, and uninitialised memory"
}
"""Rules that PyTorch's own node contradicts and central differences confirm -> what PyTorch does."""

elsewhere = pytest.mark.skip(reason="PyTorch makes this class on other devices only: see test_rules_of_cuda.py")
every_rule = pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=identity(rule), marks=[] if made_here(rule) else [elsewhere]) for rule in RULES]
)


@pytest.fixture
def planted(monkeypatch):
    """Puts a rule that is 0.1 % off into the table, in the place of the right one."""

    def plant(rule):
        wrong = replace(rule, function=lambda *operands: rule.function(*operands) * 1.001)
        key = rule.node, rule.edge
        monkeypatch.setitem(TABLE, key, [wrong if each is rule else each for each in TABLE[key]])
        return wrong

    return plant


@every_rule
def test_a_rule_agrees_with_pytorch(rule):
    """Fed the same upstream gradient, the rule and PyTorch's node send the same on, in every shape, layout and dtype."""
    if identity(rule) in PYTORCH_IS_WRONG:
        pytest.skip(PYTORCH_IS_WRONG[identity(rule)])

    compared = list(beside_torch(rule))

    assert not [(variant, problem) for variant, problem in compared if problem]
    assert {torch.float32, torch.float64} - {variant.dtype for variant, _ in compared} <= never(rule)


def never(rule):
    """The dtypes that PyTorch does not make the rule's class in."""
    return {torch.float64} if rule.node in ONLY_FLOAT32 else set()


@every_rule
def test_a_rule_agrees_with_central_differences(rule):
    """Our chain from the example's output to its leaves gives the slope that moving the leaves shows."""
    if rule.node in NOT_A_DERIVATIVE:
        pytest.skip(NOT_A_DERIVATIVE[rule.node])

    compared = list(beside_differences(rule))

    assert compared
    assert not [(leaf, problem) for leaf, problem in compared if problem]


@every_rule
def test_pytorch_catches_a_planted_mistake(rule, planted):
    """A rule that is 0.1 % off differs from PyTorch's node, so the agreement test is able to fail."""
    if identity(rule) in PYTORCH_IS_WRONG:
        pytest.skip(PYTORCH_IS_WRONG[identity(rule)])
    if rule.accuracy > 1e-3:
        pytest.skip("PyTorch approximates it, off by as much as the planted mistake")
    wrong = planted(rule)

    caught = any(problem for _, problem in beside_torch(wrong))

    if not caught and is_zero(wrong):
        pytest.skip("its contribution is zero, and 0.1 % of zero is right")
    assert caught


@every_rule
def test_differences_catch_a_planted_mistake(rule, planted):
    """A rule that is 0.1 % off does not give the slope that moving the leaves shows."""
    if rule.node in NOT_A_DERIVATIVE:
        pytest.skip(NOT_A_DERIVATIVE[rule.node])
    wrong = planted(rule)

    caught = any(problem for _, problem in beside_differences(wrong))

    if not caught and is_zero(wrong):
        pytest.skip("its contribution is zero, and 0.1 % of zero is right")
    assert caught


def test_rules_without_a_planted_mistake_say_zero():
    """A mistake of 0.1 % cannot show in a rule that is zero wherever it is finite; such a rule returns zeros, or zero or infinity."""
    zero = [rule for rule in RULES if made_here(rule) and is_zero(rule)]

    texts = {identity(rule): expression_text(read(rule.function).result) for rule in zero}
    assert not [name for name, text in texts.items() if "zeros" not in text and "∞" not in text]

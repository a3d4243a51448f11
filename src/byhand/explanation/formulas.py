"""The formulas of one operation with the user's names in them, from the code of the rules."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from byhand.document import Cell, Role
from byhand.explanation.labels import Labels, drawn
from byhand.explanation.folding import folded, mentions
from byhand.formula import latex, local, read, text, where_latex, where_text
from byhand.formula.tree import Tree
from byhand.errors import UnshowableRule
from byhand.results import Contribution, Operand, Step
from byhand.rules.table import DERIVED, FORWARD, HELPERS, Rule, rules_of
from byhand.value import Value
from byhand.words import plain


def rule_of(step: Step, contribution: Contribution) -> Rule | None:
    """The rule that worked this contribution, None where byhand has none."""
    return next((rule for rule in rules_of(step.op, contribution.edge) if rule.name == contribution.rule), None)


def names_of(step: Step, labels: Labels) -> dict[str, str]:
    """The user's expressions for what the rules of this operation name: operands, inputs, the result."""
    names = {operand.parameter: plain(operand.name) for operand in step.operands if operand.name and not _is_number(operand)}
    inputs: dict[str, list[str]] = {}
    for contribution in step.contributions:
        parameter = parameter_of(step, contribution)
        if parameter:
            inputs.setdefault(parameter, []).append(labels.source(contribution.to))
    names |= {parameter: each[0] if len(each) == 1 else f"({', '.join(each)})" for parameter, each in inputs.items()}
    return names | {"result": labels.source((step.index, 0))}


def numbers_of(step: Step) -> dict[str, bool | int | float]:
    """The numbers among the operands that have no name: an exponent, a scale."""
    return {operand.parameter: operand.value.data for operand in step.operands if isinstance(operand.value, Value) and _is_number(operand)}


def _is_number(operand: Operand) -> bool:
    """Whether the operand is a number that the user wrote as such, or that has no name."""
    if not isinstance(operand.value, Value) or not isinstance(operand.value.data, bool | int | float):
        return False
    return not operand.name or (operand.value.dtype in ("bool", "int", "float") and not operand.name.replace(".", "").isidentifier())


def parameter_of(step: Step, contribution: Contribution) -> str:
    """PyTorch's name of the input that an edge belongs to; "" if there is no rule to tell it."""
    rule = rule_of(step, contribution)
    return rule.input if rule else ""


def forward_of(step: Step, labels: Labels) -> Cell | None:
    """How the value was made: the forward expression with the user's names, else the expression as written, else None."""
    function, names = FORWARD.get(step.op), names_of(step, labels)
    if function is not None:
        tree = folded(read(function), numbers_of(step))
        if _parameters(tree) <= names.keys():
            return Cell(text(tree, names), Role.FORWARD, latex(tree, names))
    return drawn(plain(step.expression), Role.FORWARD) if step.expression else None


def local_of(step: Step, contribution: Contribution, labels: Labels) -> Cell | None:
    """The local derivative of a scalar operation as a formula; None where the rule has no such meaning."""
    rule = rule_of(step, contribution)
    found = rule and local(read(rule.function), names_of(step, labels), numbers_of(step))
    return Cell(found[0], Role.PLAIN, found[1]) if found else None


def formula_of(step: Step, contribution: Contribution, labels: Labels) -> Cell | None:
    """The whole rule as a formula; None where byhand has no rule."""
    rule = rule_of(step, contribution)
    if rule is None:
        return None
    tree = folded(read(rule.function), numbers_of(step))
    names = names_of(step, labels) | labels.receiver(contribution)
    return Cell(text(tree, names), Role.BACKWARD, latex(tree, names))


def lines_of(step: Step, contribution: Contribution, labels: Labels) -> list[Cell]:
    """The named lines that stand before the rule's result: `name = expression`."""
    rule = rule_of(step, contribution)
    return _lines(folded(read(rule.function), numbers_of(step)), names_of(step, labels)) if rule else []


def _lines(tree: Tree, names: dict[str, str]) -> list[Cell]:
    return [Cell(line, Role.PLAIN, drawn_line) for line, drawn_line in zip(where_text(tree, names), where_latex(tree, names), strict=True)]


def derived_of(step: Step, labels: Labels) -> list[Cell]:
    """The derived values that the rules of this operation use, each as `name = expression`."""
    rules = [rule_of(step, contribution) for contribution in step.contributions]
    needed = dict.fromkeys(name for rule in rules if rule for name in rule.needs if (step.op, name) in DERIVED)
    return [line for name in needed for line in _derived(name, DERIVED[step.op, name], names_of(step, labels))]


def _derived(name: str, function: Callable[..., Any], names: dict[str, str]) -> list[Cell]:
    try:
        tree = read(function)
    except UnshowableRule:
        return [Cell(f"{name}: {_first_sentence(function)}", Role.FAINT)]
    label = drawn(name)
    result = Cell(f"{label.text} = {text(tree, names)}", Role.PLAIN, f"{label.latex} = {latex(tree, names)}")
    return [*_lines(tree, names), result]


def _parameters(tree: Tree) -> set[str]:
    """The parameters that the formula still names."""
    return {name for name in tree.parameters if mentions(tree, name)}


def helpers_in(texts: Sequence[str]) -> list[tuple[str, str]]:
    """The helper functions that the texts call, each with what it does in words."""
    called = {name for each in texts for name in re.findall(r"([A-Za-z_]\w*)\(", each)}
    return [(name, _first_sentence(HELPERS[name])) for name in sorted(called & HELPERS.keys())]


def _first_sentence(function: Callable[..., Any]) -> str:
    return " ".join((function.__doc__ or function.__name__).split()).partition(". ")[0].rstrip(".")

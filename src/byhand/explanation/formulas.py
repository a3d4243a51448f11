"""The formulas of one operation with the user's names in them, from the code of the rules."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from byhand.document import Cell, Role
from byhand.errors import UnshowableRule
from byhand.explanation.folding import folded, mentions
from byhand.explanation.labels import Labels, drawn, once
from byhand.formula import latex, local, read, text, where_latex, where_text
from byhand.formula.tree import Tree
from byhand.results import Contribution, Operand, Step
from byhand.rules.table import DERIVED, FORWARD, HELPERS, Rule, rules_of
from byhand.value import Value
from byhand.words import finite, number, plain


def rule_of(step: Step, contribution: Contribution) -> Rule | None:
    """The rule that worked this contribution, None where byhand has none."""
    return next((rule for rule in rules_of(step.op, contribution.edge) if rule.name == contribution.rule), None)


@once
def names_of(step: Step, labels: Labels) -> dict[str, str]:
    """The user's expressions for what the rules of this operation name: operands, inputs, the result."""
    inputs: dict[str, list[str]] = {}
    for contribution in step.contributions:
        parameter = parameter_of(step, contribution)
        if parameter:
            inputs.setdefault(parameter, []).append(_called(step, parameter, contribution, labels))
    typed = {labels.typed(contribution.to) for contribution in step.contributions}
    names = {each.parameter: plain(each.name) for each in step.operands if each.name not in typed and not _is_number(each)}
    names |= {each.parameter: each.parameter for each in step.operands if is_nameless(each)}
    names |= {parameter: each[0] if len(each) == 1 else f"({', '.join(each)})" for parameter, each in inputs.items()}
    return {parameter: name for parameter, name in names.items() if name} | {"result": labels.source((step.index, 0))}


def _called(step: Step, parameter: str, contribution: Contribution, labels: Labels) -> str:
    """The label of an input; the operand's own name where what made it did not run backward."""
    if labels.knows(contribution.to):
        return labels.source(contribution.to)
    named = next((plain(each.name) for each in step.operands if each.parameter == parameter), "")
    return named or labels.source(contribution.to)


def is_nameless(operand: Operand) -> bool:
    """Whether an operand is a tensor that nobody named: a dropout mask, a temporary; formulas call it by PyTorch's own word."""
    return operand.constant and not operand.name and isinstance(operand.value, Value) and operand.value.shape != ()


@once
def numbers_of(step: Step, labels: Labels) -> dict[str, bool | int | float]:
    """The numbers among the operands that have no name: an exponent, a scale."""
    inputs = {parameter_of(step, contribution) for contribution in step.contributions}
    typed = {labels.typed(contribution.to) for contribution in step.contributions}
    written = [each for each in step.operands if each.parameter not in inputs and (each.name in typed or _is_number(each))]
    numbers = {each.parameter: each.value.data for each in written if isinstance(each.value, Value) and _is_plain(each.value.data)}
    forward = FORWARD.get(step.op)
    factors = [name for name in FACTORS if forward and name in read(forward).parameters and name not in step.expression]
    return dict.fromkeys(factors, 1) | numbers


def _tree(function: Callable[..., Any], step: Step, labels: Labels) -> Tree:
    """The formula of a rule with the known numbers of an operation in it."""
    return _with_numbers(function, tuple((name, type(value), value) for name, value in numbers_of(step, labels).items()))


@lru_cache(maxsize=1024)
def _with_numbers(function: Callable[..., Any], numbers: tuple[tuple[str, type, bool | int | float], ...]) -> Tree:
    return folded(read(function), {name: value for name, _, value in numbers})


UNKNOWN = "?"

FACTORS = ("alpha", "beta")
"""Factors that are 1 where the user wrote none; PyTorch saves them only where a gradient needs them."""


def _is_number(operand: Operand) -> bool:
    """Whether the operand is a number that the user wrote as such, or that has no name."""
    if not isinstance(operand.value, Value) or not _is_plain(operand.value.data):
        return False
    return not operand.name or (operand.constant and not operand.name.replace(".", "").isidentifier())


def _is_plain(data: Any) -> bool:
    return isinstance(data, bool | int | float)


def parameter_of(step: Step, contribution: Contribution) -> str:
    """PyTorch's name of the input that an edge belongs to; "" if there is no rule to tell it."""
    rule = rule_of(step, contribution) or next(iter(rules_of(step.op, contribution.edge)), None)
    return rule.input if rule else ""


@once
def forward_of(step: Step, labels: Labels) -> Cell | None:
    """How the value was made: the forward expression with the user's names, else the expression as written, else None."""
    function, names = FORWARD.get(step.op), names_of(step, labels)
    if function is not None:
        tree = _tree(function, step, labels)
        missing = missing_of(step, labels)
        names = names | {missing: UNKNOWN} if missing else names
        shown = text(tree, names)
        if _parameters(tree) <= names.keys() and not (step.expression and helpers_in([shown])):
            return Cell(shown, Role.FORWARD, latex(tree, names))
    if not step.expression:
        return None
    inside = not step.name and labels.written[step.expression] > 1
    return _operation(step, labels) if inside else drawn(plain(step.expression), Role.FORWARD)


def missing_of(step: Step, labels: Labels) -> str:
    """The one operand of an operation of which neither name nor number is known; "" if there is none, or more, or the source is known."""
    function = FORWARD.get(step.op)
    if function is None or step.expression:
        return ""
    tree = _tree(function, step, labels)
    unknown = _parameters(tree) - names_of(step, labels).keys()
    return unknown.pop() if len(unknown) == 1 and step.contributions else ""


def _operation(step: Step, labels: Labels) -> Cell:
    """One of several operations behind one expression of the user's, by PyTorch's name: view(⟨3⟩)."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", re.sub(r"Backward\d*$", "", step.op)).lower()
    inputs = dict.fromkeys(labels.cell(contribution.to).text for contribution in step.contributions)
    return drawn(f"{name}({', '.join(inputs)})", Role.FORWARD)


def local_of(step: Step, contribution: Contribution, labels: Labels) -> Cell | None:
    """The local derivative of a scalar operation as a formula; None where the rule has no such meaning."""
    rule = rule_of(step, contribution)
    found = rule and local(read(rule.function), names_of(step, labels), numbers_of(step, labels))
    return Cell(found[0], Role.PLAIN, found[1]) if found else None


def in_numbers(step: Step, labels: Labels) -> Cell | None:
    """The forward expression with the numbers put in, for an operation on single numbers; None where one of them is not known."""
    function, written = FORWARD.get(step.op), _written(step, labels)
    if function is None:
        return None
    tree = _tree(function, step, labels)
    return Cell(text(tree, written), Role.FORWARD, latex(tree, written)) if _parameters(tree) <= written.keys() else None


def local_in_numbers(step: Step, contribution: Contribution, labels: Labels) -> Cell | None:
    """The local derivative with the numbers put in; None where there is no such formula, or one of the numbers is not known."""
    rule, written = rule_of(step, contribution), _written(step, labels)
    if rule is None or not names_of(step, labels).keys() <= written.keys() | numbers_of(step, labels).keys():
        return None
    found = local(read(rule.function), written, numbers_of(step, labels))
    return Cell(found[0], Role.PLAIN, found[1]) if found else None


@once
def _written(step: Step, labels: Labels) -> dict[str, str]:
    """Every finite single number among what the operation took in and gave out, as it is typed, by the rules' names."""
    values = {each.parameter: each.value for each in step.operands} | {"result": step.outputs[0].value}
    values |= {parameter_of(step, each): labels.value(each.to) for each in step.contributions}
    values = {name: shown for name, shown in values.items() if name not in numbers_of(step, labels)}
    return {name: _typed(shown) for name, shown in values.items() if isinstance(shown, Value) and _is_plain(shown.data) and finite(shown)}


def _typed(shown: Value) -> str:
    """A number as a formula takes it; powers of ten stay as they are shown."""
    said = number(shown.data, shown.dtype)
    return said if "e" in said else said.replace("−", "-")


def formula_of(step: Step, contribution: Contribution, labels: Labels) -> Cell | None:
    """The whole rule as a formula; None where byhand has no rule."""
    rule = rule_of(step, contribution)
    if rule is None:
        return None
    tree = _tree(rule.function, step, labels)
    names = names_of(step, labels) | labels.receiver(contribution)
    return Cell(text(tree, names), Role.BACKWARD, latex(tree, names))


def lines_of(step: Step, contribution: Contribution, labels: Labels) -> list[Cell]:
    """The named lines that stand before the rule's result: `name = expression`."""
    rule = rule_of(step, contribution)
    return _lines(_tree(rule.function, step, labels), names_of(step, labels)) if rule else []


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
    called = {name for each in texts for name in re.findall(r"(?<![\w.])([A-Za-z_]\w*)\(", each)}
    return [(name, _first_sentence(HELPERS[name])) for name in sorted(called & HELPERS.keys())]


def _first_sentence(function: Callable[..., Any]) -> str:
    return " ".join((function.__doc__ or function.__name__).split()).partition(". ")[0].rstrip(".")

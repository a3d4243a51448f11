"""The gradient of one weight as a single formula in the inputs: the chain rule with symbols instead of numbers."""

from typing import Any

from byhand.document import Cell, Role
from byhand.explanation.formulas import numbers_of, parameter_of, rule_of
from byhand.explanation.labels import Labels
from byhand.explanation.products import gives
from byhand.formula import Unsupported, from_symbols, read, symbol, symbolic
from byhand.results import Leaf, Pass, Step
from byhand.rules.table import FORWARD
from byhand.words import plain, single

LARGEST = 40  # operations
LARGE = 60  # operations of a formula; factoring a larger one costs more than it tells
LONGEST = 120  # characters; a longer formula says less than the steps


class _Unknown(Exception):
    """A value of the graph has no symbol, no number and no forward expression."""


def closed_form(leaf: Leaf, result: Pass, labels: Labels) -> Cell | None:
    """The formula, if it can be worked, is short enough, and gives the very number that was worked by hand; else None."""
    if len(result.steps) > LARGEST or single(leaf.by_hand) is None:
        return None
    try:
        expression, given = _gradient(leaf, result, labels)
        value = float(expression.evalf(subs=given))
        shown = {each.name: plain(each.name) for each in expression.free_symbols}
        text, latex = min((from_symbols(form, shown) for form in _forms(expression)), key=lambda said: len(said[0]))
    except (Unsupported, _Unknown, KeyError, TypeError, ValueError, OverflowError, ZeroDivisionError, RecursionError):
        return None
    if len(text) > LONGEST or not gives(value, leaf):
        return None
    return Cell(text, Role.PLAIN, latex)


def _forms(expression: Any) -> tuple[Any, ...]:
    import sympy

    return (expression, sympy.factor(expression)) if sympy.count_ops(expression) < LARGE else (expression,)


def _gradient(leaf: Leaf, result: Pass, labels: Labels) -> tuple[Any, dict[Any, float]]:
    """The derivative as a SymPy expression, and the numbers of its symbols."""
    given = {symbol(each.name): number for each in result.leaves if (number := single(each.value)) is not None}
    forward: dict[int, Any] = {each.index: symbol(each.name) for each in result.leaves}
    for step in labels.steps:
        values = _operands(step, labels, forward, given)
        function = FORWARD.get(step.op)
        if function is None:
            raise _Unknown(step.op)
        forward[step.index] = symbolic(read(function), values)
    arrived: dict[int, Any] = {root.node: _root(labels, root.node) for root in result.graph.roots}
    for step in reversed(labels.steps):
        _send(step, labels, arrived, forward, given)
    return arrived[leaf.index], given


def _root(labels: Labels, node: int) -> Any:
    step = labels.by_index.get(node)
    start = single(step.outputs[0].by_hand) if step else None
    if start is None:
        raise _Unknown(str(node))
    return int(start) if float(start).is_integer() else start


def _operands(step: Step, labels: Labels, forward: dict[int, Any], given: dict[Any, float]) -> dict[str, Any]:
    values: dict[str, Any] = dict(numbers_of(step, labels))
    for operand in step.operands:
        number = single(operand.value)
        if operand.parameter not in values and operand.constant and operand.name and number is not None:
            values[operand.parameter] = _constant(operand.name, number, given)
    return values | {parameter_of(step, each): forward[each.to[0]] for each in step.contributions}


def _constant(name: str, number: float, given: dict[Any, float]) -> Any:
    known = symbol(name)
    if given.setdefault(known, number) != number:
        raise _Unknown(f"{name} has two values")
    return known


def _send(step: Step, labels: Labels, arrived: dict[int, Any], forward: dict[int, Any], given: dict[Any, float]) -> None:
    values = _operands(step, labels, forward, given) | {"grad": arrived[step.index], "result": forward[step.index]}
    for contribution in step.contributions:
        rule = rule_of(step, contribution)
        if rule is None:
            raise _Unknown(step.op)
        sent = symbolic(read(rule.function), values)
        target = contribution.to[0]
        arrived[target] = arrived[target] + sent if target in arrived else sent

"""A formula with the known numbers put in: `1 · y` is y, and s^(2 − 1) is s."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from byhand.formula.canonical import canonical, rebuild, substitute
from byhand.formula.tree import Expression, Name, Number, Operation, Sign, Tree

_INTEGERS: Final[dict[str, Callable[[Any, Any], Any]]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def folded(tree: Tree, numbers: Mapping[str, bool | int | float]) -> Tree:
    """The tree with these parameters as numbers, integers worked out, factors and exponents of 1 left out."""
    values: dict[str, Expression] = {name: _number(value) for name, value in numbers.items() if not isinstance(value, bool)}
    if not values:
        return tree

    def put_in(expression: Expression) -> Expression:
        return _fold(substitute(canonical(expression), values))

    return replace(tree, result=put_in(tree.result), where=tuple((name, put_in(line)) for name, line in tree.where))


def mentions(tree: Tree, name: str) -> bool:
    """Whether the formula names this parameter anywhere."""
    found = False

    def look(expression: Expression) -> Expression:
        nonlocal found
        found = found or expression == Name(name)
        return rebuild(expression, look)

    for expression in (tree.result, *(line for _, line in tree.where)):
        look(expression)
    return found


def _number(value: float) -> Expression:
    whole = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
    return Sign("-", Number(-whole)) if whole < 0 else Number(whole)


def _fold(expression: Expression) -> Expression:
    match rebuild(expression, _fold):
        case Operation(symbol, Number(int() as left), Number(int() as right)) if symbol in _INTEGERS:
            return _number(_INTEGERS[symbol](left, right))
        case Operation("*", Number(1), factor) | Operation("*" | "/" | "**", factor, Number(1)):
            return factor
        case Operation("+", Number(0), term) | Operation("+" | "-", term, Number(0)):
            return term
        case other:
            return other

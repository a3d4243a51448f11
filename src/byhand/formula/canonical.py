"""One way to say each thing: methods, attributes and torch functions become calls and operations, before anything is shown."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from byhand.formula.tree import (
    Attribute,
    Call,
    Compare,
    Constant,
    Expression,
    Index,
    Method,
    Name,
    Number,
    Operation,
    Sign,
    Slice,
    Tuple,
)

OPERATIONS: Final = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "true_divide": "/",
    "pow": "**",
    "matmul": "@",
    "mm": "@",
    "bmm": "@",
    "mv": "@",
}
COMPARISONS: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
SAME_VALUE: Final = frozenset({"contiguous", "clone", "detach", "resolve_conj", "resolve_neg"})
SAME_WHEN_REAL: Final = frozenset({"conj", "conj_physical", "real"})
SYNONYMS: Final = {"T": "mT", "t": "mT", "H": "mH", "adjoint": "mH", "absolute": "abs", "negative": "neg", "multiply": "mul"}
NOT_SHOWN: Final = frozenset({"device"})
"""Keywords that say where a number lives, not what it is."""

_MODULES: Final = ("torch.nn.functional.", "nn.functional.", "torch.", "math.", "F.", "nn.")


@lru_cache(maxsize=4096)
def canonical(expression: Expression, *, real: bool = True) -> Expression:
    """The same value in the form that is shown; for real graphs without the conjugates."""
    return _Canon(real).form(expression)


def substitute(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The expression with names replaced."""

    def again(part: Expression) -> Expression:
        return substitute(part, values)

    match expression:
        case Name(name):
            return values.get(name, expression)
        case _:
            return rebuild(expression, again)


class _Canon:
    def __init__(self, real: bool) -> None:
        self._real = real

    def form(self, expression: Expression) -> Expression:
        match expression:
            case Constant(path):
                return Constant(_short(path))
            case Method(value, name, arguments, keywords):
                return self._call(Call(name, (value, *arguments), keywords))
            case Attribute(value, name):
                return self._call(Call(name, (value,)))
            case Call():
                return self._call(expression)
        return _signs_outward(rebuild(expression, self.form))

    def _call(self, call: Call) -> Expression:
        name = _short(call.function)
        name = SYNONYMS.get(name, name)
        arguments = tuple(self.form(argument) for argument in call.arguments)
        keywords = tuple((key, self.form(value)) for key, value in call.keywords if key not in NOT_SHOWN)
        if len(arguments) == 1 and not keywords:
            return self._of_one(name, arguments[0])
        if len(arguments) == 2 and not keywords and name in OPERATIONS:
            return _signs_outward(Operation(OPERATIONS[name], *arguments))
        if len(arguments) == 2 and not keywords and name in COMPARISONS:
            return Compare(COMPARISONS[name], *arguments)
        return Call(name, arguments, keywords)

    def _of_one(self, name: str, value: Expression) -> Expression:
        if name in SAME_VALUE or (self._real and name in SAME_WHEN_REAL):
            return value
        match name:
            case "mH" if self._real:
                return Call("mT", (value,))
            case "neg":
                return _signs_outward(Sign("-", value))
            case "square":
                return Operation("**", value, Number(2))
            case "reciprocal":
                return Operation("/", Number(1), value)
            case "rsqrt":
                return Operation("/", Number(1), Call("sqrt", (value,)))
        return Call(name, (value,))


def rebuild(expression: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The expression with each direct part replaced by what `change` makes of it."""
    match expression:
        case Operation(symbol, left, right):
            return Operation(symbol, change(left), change(right))
        case Compare(symbol, left, right):
            return Compare(symbol, change(left), change(right))
        case Sign(symbol, value):
            return Sign(symbol, change(value))
        case Call(function, arguments, keywords):
            return Call(function, tuple(map(change, arguments)), tuple((key, change(value)) for key, value in keywords))
        case Method(value, name, arguments, keywords):
            return Method(change(value), name, tuple(map(change, arguments)), tuple((key, change(part)) for key, part in keywords))
        case Attribute(value, name):
            return Attribute(change(value), name)
        case Index(value, items):
            return Index(change(value), tuple(map(change, items)))
        case Tuple(items):
            return Tuple(tuple(map(change, items)))
        case Slice(start, stop, step):
            return Slice(start and change(start), stop and change(stop), step and change(step))
    return expression


def _short(path: str) -> str:
    for module in _MODULES:
        if path.startswith(module):
            return path.removeprefix(module)
    return path


def _signs_outward(expression: Expression) -> Expression:
    """−a · b for (−a) · b and a · (−b), a − b for a + (−b): the same number to the last bit, with fewer parentheses."""
    match expression:
        case Sign("-", Sign("-", value)):
            return value
        case Operation("*" | "/" | "@" as symbol, Sign("-", left), right):
            return _signs_outward(Sign("-", _signs_outward(Operation(symbol, left, right))))
        case Operation("*" as symbol, left, Sign("-", right)) if not isinstance(right, Number):
            return Sign("-", Operation(symbol, left, right))
        case Operation("+", left, Sign("-", right)):
            return Operation("-", left, right)
        case Operation("-", left, Sign("-", right)):
            return Operation("+", left, right)
    return expression

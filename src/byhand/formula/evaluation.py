"""A tree evaluated with numbers or tensors; knows no torch, the functions are passed in."""

import builtins
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from byhand.formula.canonical import canonical
from byhand.formula.grammar import parse
from byhand.formula.tree import Call, Compare, Constant, Expression, Index, Name, Number, Operation, Sign, Slice, Tree, Tuple, Word

_OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
}


_BUILTINS: Final = {name: getattr(builtins, name) for name in "abs bool float int len max min range slice sum tuple".split()}


def evaluate(formula: Tree | str, values: Mapping[str, Any], functions: Sequence[Mapping[str, Any]]) -> Any:
    """The value of a formula, or of its text read back.

    `values` are those of the parameters. `functions` are namespaces, asked in turn: `[HELPERS, vars(F), vars(torch), vars(math)]`.
    A function none of them has is a method of its first argument.
    """
    tree = parse(formula) if isinstance(formula, str) else formula
    known = dict(values)
    evaluator = _Evaluator(known, (*functions, _BUILTINS))
    for name, line in tree.where:
        known[name] = evaluator.value(canonical(line, real=False))
    return evaluator.value(canonical(tree.result, real=False))


class _Evaluator:
    def __init__(self, values: Mapping[str, Any], functions: Sequence[Mapping[str, Any]]) -> None:
        self._values, self._functions = values, functions

    def value(self, expression: Expression) -> Any:
        """What the expression is worth."""
        match expression:
            case Number(value) | Word(bool() | None as value):
                return value
            case Word(word):
                return ... if word == "..." else word
            case Name(name) if name in self._values:
                return self._values[name]
            case Name(name) | Constant(name):
                return self._meanings(name)[0]
            case Operation(symbol, left, right) | Compare(symbol, left, right):
                return _OPERATORS[symbol](self.value(left), self.value(right))
            case Sign("-", value):
                return -self.value(value)
            case Sign(_, value):
                return ~self.value(value)
            case Tuple(items):
                return tuple(self.value(item) for item in items)
            case Index(value, items):
                indices = tuple(self.value(item) for item in items)
                return self.value(value)[indices if len(indices) != 1 else indices[0]]
            case Slice(start, stop, step):
                return slice(*(part and self.value(part) for part in (start, stop, step)))
            case Call("mT", (argument,), ()):
                return _transposed(self.value(argument))
            case Call():
                return self._call(expression)
        raise NameError(f"no value for {expression!r}")

    def _call(self, call: Call) -> Any:
        arguments = [self.value(argument) for argument in call.arguments]
        keywords = {name: self.value(value) for name, value in call.keywords}
        refusal: Exception = NameError(f"no function {call.function}")
        for meaning in self._meanings(call.function, *arguments[:1]):
            try:
                return meaning(*arguments, **keywords)
            except (TypeError, RuntimeError, IndexError) as problem:  # torch.sqrt refuses a number, math.sqrt a tensor, F.unfold a dim
                refusal = problem
        raise refusal

    def _meanings(self, path: str, *receiver: Any) -> list[Any]:
        first, *rest = path.split(".")
        found = [_follow(space[first], rest) for space in self._functions if first in space]
        if receiver and not rest and hasattr(receiver[0], first):
            found.append(lambda value, *arguments, **keywords: _attribute(value, first, arguments, keywords))
        if not found:
            raise NameError(f"no value and no function for the name {path}")
        return found


def _follow(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = getattr(value, name)
    return value


def _attribute(value: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    attribute = getattr(value, name)
    return attribute(*arguments, **keywords) if callable(attribute) else attribute


def _transposed(value: Any) -> Any:
    return value.mT if value.ndim > 1 else value

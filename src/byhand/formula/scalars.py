"""A tree read by SymPy, where every tensor is one number: for local derivatives and closed forms of scalar graphs."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from byhand.formula.canonical import canonical
from byhand.formula.tree import Call, Compare, Constant, Expression, Name, Number, Operation, Sign, Tree, Tuple, Word

SAME_SCALAR: Final = frozenset(
    "sum mean prod amax amin nansum expand expand_as reshape view view_as squeeze unsqueeze flatten unflatten permute transpose mT mH "
    "swapaxes movedim broadcast_to sum_to_size to type_as float double conj real clone contiguous flip restore_dims cumsum trace "
    "logsumexp".split()
)
"""Functions and helpers that leave a number as it is, whatever else they are given."""

NOUGHT: Final = frozenset({"zeros_like", "new_zeros", "zeros"})
UNIT: Final = frozenset({"ones_like", "new_ones", "ones", "numel", "count"})
ABOUT_SHAPE: Final = frozenset(
    "shape shapes size dim dims keepdim dtype index self_sym_sizes receiver_stride receiver_offset grads".split()
)
"""Parameters that are no numbers of the formula; `prod(shape)` of a single number is 1."""


LARGE: Final = 200  # operations; beyond this, factoring costs more than it tells


class Unsupported(Exception):
    """The tree says something that has no meaning for single numbers."""


def _sympy() -> Any:
    """SymPy, which torch brings along; imported when the first scalar is worked, since that takes a third of a second."""
    return import_module("sympy")


def symbol(name: str) -> Any:
    """SymPy's symbol for a real number of that name; any text can be a name."""
    return _sympy().Symbol(name, real=True)


def symbolic(tree: Tree, values: Mapping[str, Any]) -> Any:
    """The tree as a SymPy expression; `values` are symbols, expressions or numbers. Raises Unsupported."""
    try:
        return _Scalars(values, dict(tree.where)).value(canonical(tree.result))
    except (TypeError, AttributeError, RecursionError, ZeroDivisionError) as problem:  # SymPy's ways to say: no number
        raise Unsupported(str(problem)) from problem


def factored(expression: Any) -> Any:
    """The expression as a product where it is one; a long one, or one that is no sum or product, as it is."""
    sympy = _sympy()
    short = (expression.is_Add or expression.is_Mul) and sympy.count_ops(expression) < LARGE
    return sympy.factor(expression) if short else expression


def _is_shape(expression: Expression) -> bool:
    match expression:
        case Name(name):
            return name in ABOUT_SHAPE
        case Call("shape"):
            return True
    return isinstance(expression, Tuple)


def exact(number: complex) -> Any:
    """The number in SymPy: an integer or a small binary fraction as such, anything else with its digits."""
    sympy = _sympy()
    if isinstance(number, complex):
        raise Unsupported(f"the complex number {number}")
    if number != number or number in (float("inf"), float("-inf")):
        return sympy.Float(number)
    return sympy.Rational(number) if (16 * number) == int(16 * number) else sympy.Float(number)


@lru_cache(maxsize=1)
def _functions() -> dict[str, Callable[..., Any]]:
    sympy = _sympy()

    def sigmoid(value: Any) -> Any:
        return 1 / (1 + sympy.exp(-value))

    def where(condition: Any, chosen: Any, other: Any) -> Any:
        return sympy.Piecewise((chosen, condition), (other, True))

    same_name = "exp log sqrt sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc erfinv digamma sign floor"
    return {
        **{name: getattr(sympy, name) for name in same_name.split()},
        "abs": sympy.Abs,
        "sgn": sympy.sign,
        "lgamma": sympy.loggamma,
        "ceil": sympy.ceiling,
        "maximum": sympy.Max,
        "minimum": sympy.Min,
        "max": sympy.Max,
        "min": sympy.Min,
        "sigmoid": sigmoid,
        "where": where,
        "log1p": lambda value: sympy.log(1 + value),
        "expm1": lambda value: sympy.exp(value) - 1,
        "exp2": lambda value: 2**value,
        "log2": lambda value: sympy.log(value) / sympy.log(2),
        "log10": lambda value: sympy.log(value) / sympy.log(10),
        "relu": lambda value: where(value > 0, value, 0),
        "silu": lambda value: value * sigmoid(value),
        "logsigmoid": lambda value: sympy.log(sigmoid(value)),
        "isnan": lambda value: sympy.false,
        "logical_not": lambda value: ~value,
    }


class _Scalars:
    def __init__(self, values: Mapping[str, Any], lines: dict[str, Expression]) -> None:
        self._sympy = _sympy()
        self._values, self._lines = dict(values), lines

    def value(self, expression: Expression) -> Any:
        """The expression in SymPy's terms."""
        match expression:
            case Number(number):
                return exact(number)
            case Word(bool() as word):
                return self._sympy.true if word else self._sympy.false
            case Name(name):
                return self._named(name)
            case Constant("pi" | "e" | "inf" | "nan" as name):
                return getattr(self._sympy, {"e": "E", "inf": "oo"}.get(name, name))
            case Operation(symbol, left, right):
                return self._operation(symbol, self.value(left), self.value(right))
            case Compare(symbol, left, right):
                kind = {"<": "Lt", "<=": "Le", "==": "Eq", "!=": "Ne", ">=": "Ge", ">": "Gt"}[symbol]
                return getattr(self._sympy, kind)(self.value(left), self.value(right))
            case Sign("-", value):
                return -self._number(self.value(value))
            case Sign(_, value):
                return self._sympy.Not(self.value(value))
            case Call():
                return self._call(expression)
        raise Unsupported(f"{type(expression).__name__}: {expression!r}")

    def _named(self, name: str) -> Any:
        if name not in self._values:
            if name not in self._lines:
                raise Unsupported(f"no value for {name}")
            self._values[name] = self.value(canonical(self._lines[name]))
        known = self._values[name]
        if isinstance(known, bool):
            return self._sympy.true if known else self._sympy.false
        if isinstance(known, int | float):
            return exact(known)
        if isinstance(known, self._sympy.Basic):
            return known
        raise Unsupported(f"{name} is no number")

    def _operation(self, symbol: str, left: Any, right: Any) -> Any:
        match symbol:
            case "&":
                return self._sympy.And(left, right)
            case "|":
                return self._sympy.Or(left, right)
        return self._arithmetic(symbol, self._number(left), self._number(right))

    def _arithmetic(self, symbol: str, left: Any, right: Any) -> Any:
        match symbol:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*" | "@":
                return left * right
            case "/":
                return left / right
            case "//":
                return self._sympy.floor(left / right)
            case "%":
                return self._sympy.Mod(left, right)
        return left**right

    def _number(self, value: Any) -> Any:
        """A truth value times a number counts as 1 or 0."""
        is_truth = isinstance(value, self._sympy.logic.boolalg.Boolean) and not isinstance(value, self._sympy.Expr)
        return self._sympy.Piecewise((1, value), (0, True)) if is_truth else value

    def _call(self, call: Call) -> Any:
        name = call.function
        if name in UNIT or (name == "prod" and _is_shape(call.arguments[0])):
            return self._sympy.Integer(1)
        if name in SAME_SCALAR and call.arguments:
            return self.value(call.arguments[0])
        if name in NOUGHT:
            return self._sympy.Integer(0)
        if name not in _functions() or call.keywords:
            raise Unsupported(f"{name} has no meaning for single numbers")
        return _functions()[name](*(self.value(argument) for argument in call.arguments))

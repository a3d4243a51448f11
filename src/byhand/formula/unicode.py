"""Formulas as one line of Unicode text; what is written here, `grammar.py` reads back."""

import cmath
from collections.abc import Mapping
from typing import Final

from byhand.formula.binding import Level, level, sides
from byhand.formula.canonical import canonical, substitute
from byhand.formula.naming import operand, shown_name
from byhand.formula.tree import (
    Call,
    Compare,
    Constant,
    Expression,
    Index,
    Name,
    Number,
    Operation,
    Sign,
    Slice,
    Tree,
    Tuple,
    Verbatim,
    Word,
)

SYMBOLS: Final = {"*": "·", "-": "−", "%": "mod", "&": "∧", "|": "∨", "<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
CONSTANTS: Final = {"pi": "π", "inf": "∞"}
OVER_DIM: Final = frozenset(
    "sum nansum mean prod amax amin logsumexp softmax log_softmax cumsum cumprod logcumsumexp var std any all argmax argmin".split()
)
"""Functions whose second argument is the dimension they run over."""


def text(tree: Tree, names: Mapping[str, str] | None = None, *, real: bool = True) -> str:
    """The result of the formula on one line; `names` puts the user's expressions in the place of parameters."""
    return expression_text(tree.result, names, real=real)


def where_text(tree: Tree, names: Mapping[str, str] | None = None, *, real: bool = True) -> tuple[str, ...]:
    """The named lines before the result, each as `name = expression`."""
    return tuple(f"{name} = {expression_text(line, names, real=real)}" for name, line in tree.where)


def full_text(tree: Tree, names: Mapping[str, str] | None = None, *, real: bool = True) -> str:
    """The result with its named lines behind it: `a · k, where k = …; m = …`."""
    lines = where_text(tree, names, real=real)
    return text(tree, names, real=real) + (", where " + "; ".join(lines) if lines else "")


def expression_text(expression: Expression, names: Mapping[str, str] | None = None, *, real: bool = True) -> str:
    """Any expression of a tree on one line."""
    values = {name: operand(source) for name, source in (names or {}).items()}
    return _show(substitute(canonical(expression, real=real), values), Level.ANY)


def number_text(value: complex) -> str:
    """A number with the minus sign of text and ∞."""
    if isinstance(value, float) and cmath.isinf(value):
        return "∞" if value > 0 else "−∞"
    return repr(value).replace("-", "−") if value == value and "e" not in repr(value) else repr(value)


def _show(expression: Expression, needed: Level) -> str:
    inside = _bare(expression)
    return inside if level(expression) >= needed else f"({inside})"


def _bare(expression: Expression) -> str:
    match expression:
        case Number(value):
            return number_text(value)
        case Word(str() as word):
            return "…" if word == "..." else f'"{word}"'
        case Word(word):
            return str(word)
        case Constant(name):
            return CONSTANTS.get(name, name)
        case Name(name):
            return name
        case Verbatim(source):
            return shown_name(source)
        case Operation():
            return _operation(expression)
        case Sign("-", value):
            return "−" + _show(value, Level.PRODUCT)
        case Sign(_, value):
            return "¬" + _show(value, Level.ATOM)
        case Compare(symbol, left, right):
            return f"{_show(left, Level.SUM)} {SYMBOLS.get(symbol, symbol)} {_show(right, Level.SUM)}"
        case Index(value, items):
            return f"{_show(value, Level.ATOM)}[{_listed(items)}]"
        case Tuple(items):
            return f"({_listed(items)}{',' if len(items) == 1 else ''})"
        case Slice(start, stop, step):
            return ":".join(_part(part) for part in ((start, stop) if step is None else (start, stop, step)))
        case Call():
            return _call(expression)
    raise TypeError(f"not in canonical form: {expression!r}")


def _operation(operation: Operation) -> str:
    left, right = (_show(side, needed) for side, needed in zip((operation.left, operation.right), sides(operation), strict=True))
    if operation.symbol == "//":
        return f"⌊{_show(operation.left, Level.PRODUCT)} / {_show(operation.right, Level.POWER)}⌋"
    if operation.symbol != "**":
        return f"{left} {SYMBOLS.get(operation.symbol, operation.symbol)} {right}"
    power = integer_power(operation)
    return left + (f"^{right}" if power is None else str(power).translate(SUPERSCRIPTS))


def integer_power(operation: Operation) -> int | None:
    """The exponent, if it is a written integer that fits above the line."""
    match operation.right:
        case Number(int() as power) if 0 <= power < 100:
            return power
        case Sign("-", Number(int() as power)) if power < 10:
            return -power
    return None


def _call(call: Call) -> str:
    match call:
        case Call("sqrt", (value,), ()):
            return f"√{_bare(value)}" if _is_word(value) else f"√({_bare(value)})"
        case Call("abs", (value,), ()):
            return f"|{_bare(value)}|"
        case Call("mT" | "mH" as name, (value,), ()):
            return _show(value, Level.ATOM) + ("ᵀ" if name == "mT" else "ᴴ")
    return f"{call.function}({', '.join(_arguments(call))})"


def _is_word(expression: Expression) -> bool:
    match expression:
        case Verbatim(source):
            return source.isidentifier()
    return isinstance(expression, Name | Number | Constant)


def over_dim(call: Call) -> tuple[Expression, Call] | None:
    """The dimension that a reduction or a softmax runs over, and the call without it."""
    if call.function not in OVER_DIM:
        return None
    match call:
        case Call(function, (value, dim, *rest), keywords):
            return dim, Call(function, (value, *rest), keywords)
        case Call(function, (value,), (("dim", dim), *rest)):
            return dim, Call(function, (value,), tuple(rest))
    return None


def _arguments(call: Call) -> list[str]:
    reduced = over_dim(call)
    if reduced is None:
        return [_bare(value) for value in call.arguments] + [_keyword(*pair) for pair in call.keywords]
    dim, rest = reduced
    over = f"over {_bare(dim)}" if isinstance(dim, Name) else f"over {'dims' if isinstance(dim, Tuple) else 'dim'} {_bare(dim)}"
    first, *others = [_bare(value) for value in rest.arguments] + [_keyword(*pair) for pair in rest.keywords]
    return [first, over, *others]


def _keyword(name: str, value: Expression) -> str:
    return "kept" if (name, value) == ("keepdim", Word(True)) else f"{name}={_bare(value)}"


def _listed(items: tuple[Expression, ...]) -> str:
    return ", ".join(_bare(item) for item in items)


def _part(part: Expression | None) -> str:
    return "" if part is None else _bare(part)

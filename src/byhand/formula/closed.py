"""SymPy's expressions in byhand's own notation, and the local derivative of a scalar edge."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from byhand.formula.scalars import ABOUT_SHAPE, Unsupported, factored, symbol, symbolic
from byhand.formula.tex import expression_latex
from byhand.formula.tree import Call, Compare, Constant, Expression, Name, Number, Operation, Sign, Tree, Word
from byhand.formula.unicode import expression_text

SPELLINGS: Final = {"Abs": "abs", "loggamma": "lgamma", "Max": "max", "Min": "min", "ceiling": "ceil", "floor": "floor"}


def local(tree: Tree, names: Mapping[str, str], values: Mapping[str, Any] | None = None) -> tuple[str, str] | None:
    """Text and LaTeX of the rule for `grad` = 1 and single numbers: `2 · s`, `x`, `1`.

    `names` puts the user's expressions in the place of parameters, `values` are the numbers of parameters without a name. None if the
    rule has no meaning for single numbers, or needs a value that neither of them knows.
    """
    numbers = {name: value for name, value in (values or {}).items() if name not in names and isinstance(value, int | float)}
    derivative, needed = _local(tree, tuple(sorted(numbers.items())))
    if derivative is None or not needed <= names.keys():
        return None
    return expression_text(derivative, names), expression_latex(derivative, names)


@cache
def _local(tree: Tree, numbers: tuple[tuple[str, Any], ...]) -> tuple[Expression | None, frozenset[str]]:
    symbols = {name: symbol(name) for name in tree.parameters if name not in ABOUT_SHAPE}
    try:
        derivative = symbolic(tree, {**symbols, "self_sym_numel": 1, "grad": 1, **dict(numbers)})
        return shortest(derivative), frozenset(each.name for each in derivative.free_symbols)
    except Unsupported:
        return None, frozenset()


def from_symbols(expression: Any, names: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Text and LaTeX of a SymPy expression, factored where that is shorter; a symbol's name is shown as a user's expression is.

    Raises Unsupported for what has no notation here.
    """
    shown = names if names is not None else {each.name: each.name for each in expression.free_symbols}
    form = shortest(expression)
    return expression_text(form, shown), expression_latex(form, shown)


def shortest(expression: Any) -> Expression:
    """The expression as a tree: as it is or factored, whichever is shorter."""
    return min(map(from_sympy, (expression, factored(expression))), key=lambda form: len(expression_text(form)))


def from_sympy(expression: Any) -> Expression:
    """A SymPy expression as a tree; symbols become names. Raises Unsupported."""
    kind = expression.func.__name__
    if expression.is_Symbol:
        return Name(expression.name)
    if expression.is_Number:
        return _number(expression)
    if kind in _SHAPES:
        form: Expression = _SHAPES[kind](expression)
        return form
    if kind in ("Pi", "Exp1"):
        return Constant({"Pi": "pi", "Exp1": "e"}[kind])
    if expression.is_Relational:
        return Compare(expression.rel_op, from_sympy(expression.lhs), from_sympy(expression.rhs))
    if expression.is_Function:
        return Call(SPELLINGS.get(kind, kind), tuple(map(from_sympy, expression.args)))
    raise Unsupported(f"no notation for {kind}")


def _number(number: Any) -> Expression:
    if number.is_negative:
        return Sign("-", _number(-number))
    if number.is_Integer:
        return Number(int(number))
    if number.is_Rational:
        return Operation("/", Number(int(number.p)), Number(int(number.q)))
    return Number(float(number))


def _sum(expression: Any) -> Expression:
    terms = sorted(map(from_sympy, expression.as_ordered_terms()), key=lambda term: isinstance(term, Sign))
    total = terms[0]
    for term in terms[1:]:
        total = Operation("-", total, term.value) if isinstance(term, Sign) else Operation("+", total, term)
    return total


def _product(expression: Any) -> Expression:
    coefficient = expression.as_coeff_Mul()[0]
    if coefficient.is_negative:
        return Sign("-", from_sympy(-expression))
    factors = sorted(expression.as_ordered_factors(), key=_factor_order)
    below = [1 / factor for factor in factors if factor.is_Pow and factor.exp.is_number and factor.exp.is_negative]
    above = [factor for factor in factors if not factor.is_Rational and 1 / factor not in below]
    top = [Number(int(coefficient.p))] if coefficient.is_Rational and coefficient.p != 1 else []
    bottom = [Number(int(coefficient.q))] if coefficient.is_Rational and coefficient.q != 1 else []
    return _divided([*top, *map(from_sympy, above)], [*bottom, *map(from_sympy, below)])


def _factor_order(factor: Any) -> int:
    return 0 if factor.is_Number else 2 if factor.is_Add else 1


def _divided(above: list[Expression], below: list[Expression]) -> Expression:
    top = _multiplied(above) if above else Number(1)
    return Operation("/", top, _multiplied(below)) if below else top


def _multiplied(factors: list[Expression]) -> Expression:
    product, *others = factors
    for factor in others:
        product = Operation("*", product, factor)
    return product


def _power(expression: Any) -> Expression:
    base, exponent = expression.args
    if exponent.is_number and exponent.is_negative:
        return Operation("/", Number(1), from_sympy(1 / expression))
    if exponent.is_Rational and (exponent.p, exponent.q) == (1, 2):
        return Call("sqrt", (from_sympy(base),))
    return Operation("**", from_sympy(base), from_sympy(exponent))


def _cases(expression: Any) -> Expression:
    *cases, (last, _) = expression.args
    form = from_sympy(last)
    for value, condition in reversed(cases):
        form = Call("where", (from_sympy(condition), from_sympy(value), form))
    return form


def _joined(operator: str) -> Any:
    def join(expression: Any) -> Expression:
        joined, *others = map(from_sympy, expression.args)
        for other in others:
            joined = Operation(operator, joined, other)
        return joined

    return join


_SHAPES: Final = {
    "Add": _sum,
    "Mul": _product,
    "Pow": _power,
    "Piecewise": _cases,
    "And": _joined("&"),
    "Or": _joined("|"),
    "Not": lambda expression: Sign("~", from_sympy(expression.args[0])),
    "BooleanTrue": lambda expression: Word(True),
    "BooleanFalse": lambda expression: Word(False),
    "Infinity": lambda expression: Constant("inf"),
}

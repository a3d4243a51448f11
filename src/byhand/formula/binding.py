"""How tightly the parts of a formula hold together: what needs parentheses where."""

from enum import IntEnum
from typing import Final

from byhand.formula.tree import Call, Compare, Expression, Number, Operation, Sign, Slice, Verbatim


class Level(IntEnum):
    """From loose to tight; an expression in a place that asks for a tighter level is put in parentheses."""

    ANY = 0
    OR = 1
    AND = 2
    NOT = 3
    COMPARE = 4
    SUM = 5
    PRODUCT = 6
    POWER = 7
    PREFIX = 8
    ATOM = 9


_OF_SYMBOL: Final = {
    "|": Level.OR,
    "&": Level.AND,
    "+": Level.SUM,
    "-": Level.SUM,
    "*": Level.PRODUCT,
    "/": Level.PRODUCT,
    "@": Level.PRODUCT,
    "%": Level.PRODUCT,
    "//": Level.ATOM,
    "**": Level.POWER,
}


def level(expression: Expression) -> Level:
    """The level of an expression in canonical form."""
    match expression:
        case Operation(symbol):
            return _OF_SYMBOL[symbol]
        case Sign("-"):
            return Level.PRODUCT
        case Sign():
            return Level.NOT
        case Compare():
            return Level.COMPARE
        case Call("sqrt" | "mT" | "mH", (_,), ()):
            return Level.PREFIX
        case Verbatim(atom=False) | Slice():
            return Level.ANY
        case Number(int() | float() as value) if value < 0:
            return Level.ANY
    return Level.ATOM


def starts_negative(expression: Expression) -> bool:
    """Whether a minus would stand first, which cannot follow another sign of operation."""
    match expression:
        case Sign("-"):
            return True
        case Operation("**" | "//"):
            return False
        case Operation(_, left, _):
            return starts_negative(left)
    return False


def sides(operation: Operation) -> tuple[Level, Level]:
    """The levels that an operation asks of its left and its right side.

    a · (b · c) and a + (b − c) go without parentheses: they differ from what is shown by rounding at most. Matrix products keep theirs.
    """
    symbol, right = operation.symbol, operation.right
    before, beside = _symbol(operation.left), _symbol(right)
    first = Level.POWER if before in ("@", "%") else Level.PRODUCT
    match symbol:
        case "|" | "&":
            return level(operation), level(operation)
        case "**":
            return Level.ATOM, Level.ATOM
        case "+" | "-" | "*" | "/" if starts_negative(right):
            return (first if symbol in "*/" else Level.SUM), Level.ATOM
        case "+":
            return Level.SUM, Level.SUM
        case "-":
            return Level.SUM, Level.PRODUCT
        case "*":
            return first, Level.PRODUCT if beside in ("*", "/") else Level.POWER
        case "/":
            return first, Level.POWER
        case "@":
            return (Level.PRODUCT if before in ("@", "") else Level.POWER), Level.POWER
    return Level.POWER, Level.POWER


def _symbol(expression: Expression) -> str:
    return expression.symbol if isinstance(expression, Operation) else ""

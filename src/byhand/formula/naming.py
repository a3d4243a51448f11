"""Names as they are shown: ŷ for y_hat, w₁ for w1, α for alpha; what a user typed stays the key everywhere."""

import ast
import re
import unicodedata
from functools import lru_cache
from typing import Final

from byhand.formula.tree import Expression, Number, Operation, Sign, Verbatim

GREEK: Final = {
    **dict(zip("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi".split(), "αβγδεζηθικλμνξ", strict=True)),
    **dict(zip("pi rho sigma tau upsilon phi chi psi omega".split(), "πρστυφχψω", strict=True)),
    **dict(zip("Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega".split(), "ΓΔΘΛΞΠΣΦΨΩ", strict=True)),
}
ACCENTS: Final = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307"}
SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

_PARTED: Final = re.compile(r"([A-Za-z]+?)(?:_(hat|bar|tilde|dot))?_?(\d*)_?", re.ASCII)
_ARITHMETIC: Final[dict[type[ast.operator], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.MatMult: "@",
}


def parted(name: str) -> tuple[str, str, str] | None:
    """Letter (or Greek word), accent and index of a name such as `y_hat`, `w1` or `alpha_2`; None if it is not made like that."""
    found = _PARTED.fullmatch(name)
    if not found or name.endswith("__") or (name.endswith("_") and name != "lambda_"):
        return None
    base, accent, index = found.groups(default="")
    return (base, accent, index) if len(base) == 1 or base in GREEK else None


@lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """The name as text shows it; anything but a letter with accent and index, or a Greek word, is unchanged."""
    parts = parted(name)
    if parts is None:
        return name
    base, accent, index = parts
    return unicodedata.normalize("NFC", GREEK.get(base, base) + ACCENTS.get(accent, "")) + index.translate(SUBSCRIPTS)


@lru_cache(maxsize=4096)
def operand(source: str) -> Expression:
    """A user's expression as a tree: its arithmetic is read, everything else stays as typed."""
    try:
        return _operand(source, ast.parse(source.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Verbatim(" ".join(source.split()), atom=not re.search(r"\s|[-+*/@<>=−·]", source))


def _operand(source: str, node: ast.expr) -> Expression:
    match node:
        case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
            return Operation(_ARITHMETIC[type(operator)], _operand(source, left), _operand(source, right))
        case ast.UnaryOp(ast.USub(), value):
            return Sign("-", _operand(source, value))
        case ast.Constant(int() | float() | complex() as value) if not isinstance(value, bool):
            return Number(value)
        case ast.Name(name):
            return Verbatim(name, atom=True)
    typed = " ".join((ast.get_source_segment(source.strip(), node) or source).split())
    return Verbatim(typed, isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Tuple | ast.List | ast.Constant))

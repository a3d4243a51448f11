"""Formulas as LaTeX for amsmath (and MathJax): only commands that both know, whatever the user's names are."""

import cmath
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from byhand.formula.binding import Level, level, sides
from byhand.formula.canonical import canonical, substitute
from byhand.formula.naming import GREEK, operand, parted
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
from byhand.formula.unicode import over_dim

SYMBOLS: Final = {
    "*": r"\cdot",
    "@": r"\mathbin{@}",
    "%": r"\bmod",
    "&": r"\land",
    "|": r"\lor",
    "<=": r"\le",
    ">=": r"\ge",
    "!=": r"\ne",
    "==": "=",
}
CONSTANTS: Final = {"pi": r"\pi", "inf": r"\infty"}
FUNCTIONS: Final = frozenset("exp log sin cos tan sinh cosh tanh max min det".split())
ACCENTS: Final = {"hat": r"\hat", "bar": r"\bar", "tilde": r"\tilde", "dot": r"\dot"}
_TRANSPOSED: Final = {"mT": r"\top", "mH": r"\mathsf{H}"}
_MARKS: Final = {
    "\u0300": r"\grave",
    "\u0301": r"\acute",
    "\u0302": r"\hat",
    "\u0303": r"\tilde",
    "\u0304": r"\bar",
    "\u0306": r"\breve",
    "\u0307": r"\dot",
    "\u0308": r"\ddot",
    "\u030c": r"\check",
}
_LETTERS: Final = {letter: rf"\{word}" for word, letter in GREEK.items()}
_SPECIAL: Final = {
    "\\": r"\backslash ",
    "^": r"{\wedge}",
    "~": r"{\sim}",
    "'": r"\text{'}",
    "`": r"\text{`}",
    '"': r"\text{''}",
    "|": r"\vert ",
    "-": r"\text{-}",
    "−": "-",
    "·": r"\cdot ",
    "…": r"\ldots ",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "∂": r"\partial ",
    **{character: "\\" + character for character in "{}$&#%_"},
    **dict.fromkeys(" \t\r\n", r"\ "),
}


def latex(tree: Tree, names: Mapping[str, str] | None = None, *, real: bool = True) -> str:
    """The result of the formula in LaTeX's mathematics mode; `names` puts the user's expressions in the place of parameters."""
    return expression_latex(tree.result, names, real=real)


def where_latex(tree: Tree, names: Mapping[str, str] | None = None, *, real: bool = True) -> tuple[str, ...]:
    """The named lines before the result, each as `name = expression`."""
    return tuple(f"{latex_name(name)} = {expression_latex(line, names, real=real)}" for name, line in tree.where)


def expression_latex(expression: Expression, names: Mapping[str, str] | None = None, *, real: bool = True) -> str:
    """Any expression of a tree in LaTeX."""
    values = {name: operand(source) for name, source in (names or {}).items()}
    return _show(substitute(canonical(expression, real=real), values), Level.ANY)


@lru_cache(maxsize=4096)
def latex_name(name: str) -> str:
    r"""A name as LaTeX shows it: `\hat{y}`, `w_{1}`, `\alpha`, `\mathit{loss}`, else typewriter letters, escaped."""
    parts = parted(name)
    if parts:
        base, accent, index = parts
        letter = rf"\{base}" if base in GREEK else base
        return (f"{ACCENTS[accent]}{{{letter}}}" if accent else letter) + (f"_{{{index}}}" if index else "")
    if name.isascii() and name.isidentifier():
        return rf"\mathit{{{name.replace('_', chr(92) + '_')}}}"
    return _LETTERS.get(name) or rf"\mathtt{{{escaped(name)}}}"


def escaped(source: str) -> str:
    r"""Any characters as LaTeX's mathematics shows them one by one; a character without a command becomes its code point."""
    return "".join(map(_character, source))


def _character(character: str) -> str:
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii():
        return character if character.isprintable() else ""
    if character in _LETTERS:
        return _LETTERS[character] + " "
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[1] in _MARKS and parts[0].isascii() and parts[0].isalpha():
        return f"{_MARKS[parts[1]]}{{{parts[0]}}}"
    return rf"\text{{U+{ord(character):04X}}}"


def number_latex(value: complex) -> str:
    r"""A number; powers of ten as `1.5 \cdot 10^{-5}`."""
    if isinstance(value, float) and cmath.isinf(value):
        return r"\infty" if value > 0 else r"-\infty"
    if isinstance(value, complex):
        return r"\mathrm{i}" if value == 1j else rf"{number_latex(value.imag)} \mathrm{{i}}"
    if value != value:
        return r"\text{nan}"
    mantissa, _, power = repr(value).partition("e")
    if not power:
        return mantissa
    return rf"{mantissa} \cdot 10^{{{int(power)}}}"


def _show(expression: Expression, needed: Level) -> str:
    inside = _bare(expression)
    return inside if _level(expression) >= needed else rf"\left({inside}\right)"


def _level(expression: Expression) -> Level:
    """Like text's, but a fraction's bar and a root's holds its parts together."""
    match expression:
        case Operation("/"):
            return Level.POWER
        case Call("where", (_, _, _), ()):
            return Level.ANY
        case Number(value) if "e" in repr(value):
            return Level.PRODUCT
    return level(expression)


def _bare(expression: Expression) -> str:
    match expression:
        case Number(value):
            return number_latex(value)
        case Word(word):
            return r"\ldots" if word == "..." else rf"\mathtt{{{escaped(str(word))}}}"
        case Constant(name):
            return CONSTANTS.get(name) or rf"\mathtt{{{escaped(name)}}}"
        case Name(source) | Verbatim(source):
            return latex_name(source)
        case Operation():
            return _operation(expression)
        case Sign("-", value):
            return "-" + _show(value, Level.PRODUCT)
        case Sign(_, value):
            return r"\lnot " + _show(value, Level.ATOM)
        case Compare(symbol, left, right):
            return f"{_show(left, Level.SUM)} {SYMBOLS.get(symbol, symbol)} {_show(right, Level.SUM)}"
        case Index(value, items):
            return rf"{_show(value, Level.ATOM)}\left[{_listed(items)}\right]"
        case Tuple(items):
            return rf"\left({_listed(items)}{',' if len(items) == 1 else ''}\right)"
        case Slice(start, stop, step):
            parts = (start, stop) if step is None else (start, stop, step)
            return r"\mathbin{:}".join("" if part is None else _bare(part) for part in parts)
        case Call():
            return _call(expression)
    raise TypeError(f"not in canonical form: {expression!r}")


def _operation(operation: Operation) -> str:
    match operation:
        case Operation("/", left, right):
            return rf"\frac{{{_bare(left)}}}{{{_bare(right)}}}"
        case Operation("//", left, right):
            return rf"\left\lfloor\frac{{{_bare(left)}}}{{{_bare(right)}}}\right\rfloor"
        case Operation("**", left, right):
            return f"{_show(left, Level.ATOM)}^{{{_bare(right)}}}"
    first, second = sides(operation)
    return f"{_show(operation.left, first)} {SYMBOLS.get(operation.symbol, operation.symbol)} {_show(operation.right, second)}"


def _call(call: Call) -> str:
    match call:
        case Call("sqrt", (value,), ()):
            return rf"\sqrt{{{_bare(value)}}}"
        case Call("abs", (value,), ()):
            return rf"\left|{_bare(value)}\right|"
        case Call("conj", (value,), ()):
            return rf"\overline{{{_bare(value)}}}"
        case Call("mT" | "mH" as name, (value,), ()):
            return f"{_show(value, Level.ATOM)}^{{{_TRANSPOSED[name]}}}"
        case Call("where", (condition, chosen, other), ()):
            first, second = rf"{_bare(chosen)} & \text{{if }} {_bare(condition)}", rf"{_bare(other)} & \text{{otherwise}}"
            return rf"\begin{{cases}} {first} \\ {second} \end{{cases}}"
    return _applied(call)


def _applied(call: Call) -> str:
    name = rf"\{call.function}" if call.function in FUNCTIONS else rf"\operatorname{{{escaped(call.function)}}}"
    reduced = over_dim(call)
    if reduced:
        dim, call = reduced
        name = rf"\operatorname{{{escaped(call.function)}}}_{{{_bare(dim)}}}"
    parts = [_bare(value) for value in call.arguments] + [_keyword(*pair) for pair in call.keywords]
    return rf"{name}\left({', '.join(parts)}\right)"


def _keyword(name: str, value: Expression) -> str:
    return r"\text{kept}" if (name, value) == ("keepdim", Word(True)) else rf"\mathtt{{{escaped(name)}}}={_bare(value)}"


def _listed(items: tuple[Expression, ...]) -> str:
    return ", ".join(_bare(item) for item in items)

"""Reads a formula's text back into a tree: the proof that what is shown is all there is."""

import re
from typing import Final

from byhand.formula.tree import Call, Compare, Constant, Expression, Index, Name, Number, Operation, Sign, Slice, Tree, Tuple, Word

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>\d+\.?\d*(?:e[+-]?\d+)?j?)
    | (?P<string>"[^"]*")
    | (?P<equal>=(?=\s)|≤|≥|≠|<|>)
    | (?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹ᵀᴴπ][^\W⁰¹²³⁴⁵⁶⁷⁸⁹ᵀᴴ]*(?:\.[^\W\d][^\W⁰¹²³⁴⁵⁶⁷⁸⁹ᵀᴴ]*)*)
    | (?P<power>⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
    | (?P<sign>[-+·−/@^|∨∧¬()\[\],:=…√⌊⌋ᵀᴴπ∞])
    )""",
    re.VERBOSE,
)
_COMPARISONS: Final = {"=": "==", "≤": "<=", "≥": ">=", "≠": "!=", "<": "<", ">": ">"}
_DIGITS: Final = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_WORDS: Final = {"True": Word(True), "False": Word(False), "None": Word(None)}
_CONSTANTS: Final = {"π": "pi", "∞": "inf"}
_PRODUCTS: Final = {"·": "*", "/": "/", "@": "@", "mod": "%"}


def parse(text: str) -> Tree:
    """The formula that a text says, with its `where` lines. Raises ValueError if it is not one."""
    result, _, lines = text.partition(", where ")
    where = (line.split(" = ", 1) for line in lines.split("; ") if line)
    return Tree(_Parser(result).whole(), tuple((name.strip(), _Parser(line).whole()) for name, line in where))


class _Parser:
    """Recursive descent, one method for each level of `binding.Level`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Expression:
        """The expression; nothing may follow it."""
        expression = self._any()
        if self._next:
            raise ValueError(f"'{self._next}' not understood in: {self._text}")
        return expression

    @property
    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._next
        self._at += 1
        return token

    def _accept(self, *tokens: str) -> str:
        return self._take() if self._next and self._next in tokens else ""

    def _expect(self, token: str) -> None:
        if self._take() != token:
            raise ValueError(f"'{token}' expected in: {self._text}")

    def _any(self) -> Expression:
        left = self._and()
        while self._accept("∨"):
            left = Operation("|", left, self._and())
        return left

    def _and(self) -> Expression:
        left = self._not()
        while self._accept("∧"):
            left = Operation("&", left, self._not())
        return left

    def _not(self) -> Expression:
        return Sign("~", self._postfix()) if self._accept("¬") else self._compare()

    def _compare(self) -> Expression:
        left = self._sum()
        symbol = self._accept(*_COMPARISONS)
        return Compare(_COMPARISONS[symbol], left, self._sum()) if symbol else left

    def _sum(self) -> Expression:
        left = self._product()
        while symbol := self._accept("+", "−"):
            left = Operation("+" if symbol == "+" else "-", left, self._product())
        return left

    def _product(self) -> Expression:
        if self._accept("−"):
            return Sign("-", self._product())
        left = self._power()
        while symbol := self._accept(*_PRODUCTS):
            left = Operation(_PRODUCTS[symbol], left, self._power())
        return left

    def _power(self) -> Expression:
        if self._accept("√"):
            return Call("sqrt", (self._primary(),))
        base = self._postfix()
        if self._next and self._next[0] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
            power = int(self._take().translate(_DIGITS))
            return Operation("**", base, Number(power) if power >= 0 else Sign("-", Number(-power)))
        return Operation("**", base, self._postfix()) if self._accept("^") else base

    def _postfix(self) -> Expression:
        value = self._primary()
        while symbol := self._accept("[", "ᵀ", "ᴴ"):
            value = Index(value, self._items("]")) if symbol == "[" else Call("mT" if symbol == "ᵀ" else "mH", (value,))
        return value

    def _primary(self) -> Expression:
        token = self._take()
        match token:
            case "(":
                return self._parenthesis()
            case "|":
                value = self._any()
                self._expect("|")
                return Call("abs", (value,))
            case "⌊":
                value = self._any()
                self._expect("⌋")
                if not isinstance(value, Operation):
                    raise ValueError(f"a division expected inside ⌊⌋ in: {self._text}")
                return Operation("//", value.left, value.right)
            case "…":
                return Word("...")
        if token in _CONSTANTS:
            return Constant(_CONSTANTS[token])
        if token[:1].isdecimal():
            return Number(_number(token))
        if token[:1] == '"':
            return Word(token[1:-1])
        if token[:1].isalpha() or token[:1] == "_":
            return self._call(token) if self._accept("(") else _WORDS.get(token, Name(token))
        raise ValueError(f"'{token}' not understood in: {self._text}")

    def _parenthesis(self) -> Expression:
        if self._accept(")"):
            return Tuple(())
        first = self._any()
        if self._accept(")"):
            return first
        self._expect(",")
        return Tuple((first, *self._items(")")))

    def _items(self, end: str) -> tuple[Expression, ...]:
        items = []
        while not self._accept(end):
            items.append(self._slice())
            if self._next != end:
                self._expect(",")
        return tuple(items)

    def _slice(self) -> Expression:
        parts = [None if self._next in (":", ",", "]") else self._any()]
        while self._accept(":"):
            parts.append(None if self._next in (":", ",", "]") else self._any())
        return parts[0] if len(parts) == 1 and parts[0] else Slice(parts[0], parts[1], parts[2] if len(parts) == 3 else None)

    def _call(self, function: str) -> Call:
        arguments: list[Expression] = []
        keywords: list[tuple[str, Expression]] = []
        while not self._accept(")"):
            if self._next == "kept":
                self._take()
                keywords.append(("keepdim", Word(True)))
            elif self._next == "over":
                self._take()
                arguments.append(self._over())
            elif self._tokens[self._at + 1 : self._at + 2] == ["=keyword"]:
                name = self._take()
                self._take()
                keywords.append((name, self._any()))
            else:
                arguments.append(self._any())
            if self._next != ")":
                self._expect(",")
        return Call(function, tuple(arguments), tuple(keywords))

    def _over(self) -> Expression:
        following = self._tokens[self._at + 1]
        if self._next in ("dim", "dims") and following not in (",", ")", "["):
            self._take()
        return self._any()


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if not found:
            raise ValueError(f"'{text[at:].strip()}' not understood in: {text}")
        token = found.group().strip()
        tokens.append("=keyword" if found["sign"] == "=" else token)
        at = found.end()
    return tokens


def _number(token: str) -> int | float | complex:
    if token.endswith("j"):
        return complex(token)
    return float(token) if "." in token or "e" in token else int(token)

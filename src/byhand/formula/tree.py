"""The expression tree of a formula: what all renderings, the parser and SymPy share. Plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    """A number as it was written: 2 and 2.0 are equal to Python, but not to a reader."""

    value: int | float | complex

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@dataclass(frozen=True, slots=True)
class Word:
    """A constant that is no number: True, False, None, `...` or a string."""

    value: bool | str | None


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter of the rule, or one of its intermediate lines."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of a module: `math.pi`, `torch.float32`."""

    name: str


@dataclass(frozen=True, slots=True)
class Verbatim:
    """An expression of the user's, shown as typed; `atom` if it can stand beside an operator without parentheses."""

    source: str
    atom: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to arguments; a method's first argument is its object, and `torch.` and `F.` are dropped."""

    function: str
    arguments: tuple["Expression", ...]
    keywords: tuple[tuple[str, "Expression"], ...] = ()


@dataclass(frozen=True, slots=True)
class Method:
    """A method as written: `value.name(arguments)`."""

    value: "Expression"
    name: str
    arguments: tuple["Expression", ...]
    keywords: tuple[tuple[str, "Expression"], ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as written: `value.name`."""

    value: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Two operands and Python's symbol between them: + - * / // % ** @ & |."""

    symbol: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Sign:
    """One operand with Python's symbol before it: - or ~."""

    symbol: str
    value: "Expression"


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison, with Python's symbol: < <= == != >= >."""

    symbol: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Slice:
    """`start:stop:step` inside an index."""

    start: "Expression | None"
    stop: "Expression | None"
    step: "Expression | None"


@dataclass(frozen=True, slots=True)
class Index:
    """`value[items]`."""

    value: "Expression"
    items: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    """Several values in parentheses; a list is one too."""

    items: tuple["Expression", ...]


Expression = Number | Word | Name | Constant | Verbatim | Call | Method | Attribute | Operation | Sign | Compare | Slice | Index | Tuple


@dataclass(frozen=True, slots=True)
class Tree:
    """One formula: the result, the named lines before it in their order, and the parameters."""

    result: Expression
    where: tuple[tuple[str, Expression], ...] = ()
    parameters: tuple[str, ...] = ()


def with_lines(tree: Tree, lines: Mapping[str, Tree]) -> Tree:
    """The formula with the formulas of some of its parameters (derived values) written before it as named lines of their own."""
    before: list[tuple[str, Expression]] = []
    for name, line in lines.items():
        before += [*line.where, (name, line.result)]
    written = {name for name, _ in before}
    inner = dict.fromkeys(name for line in lines.values() for name in line.parameters)
    parameters = tuple(name for name in dict.fromkeys((*tree.parameters, *inner)) if name not in written)
    return Tree(tree.result, (*before, *tree.where), parameters)

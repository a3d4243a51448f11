"""The table of rules: one small function for one edge of one node class. The decorators fill it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from byhand.formula import refuse_unshowable

EACH: Final = -1
"""Edge number of a rule that serves every edge of a list input; it may ask for `index`."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The derivative of one input of one operation.

    `function` takes what it names: `grad` (or `grads`), `shape` and `dtype` of the receiving tensor, a derived value, or what
    PyTorch saved. `when` says, from the same vocabulary, whether this case applies. `accuracy` is how far PyTorch's own kernel may be
    off, as a part of each element, where it approximates what the rule works out.
    """

    node: str
    edge: int
    function: Callable[..., Any]
    example: str
    when: Callable[..., bool] | None = None
    second_opinion: bool = True
    needs: tuple[str, ...] = field(default=())
    accuracy: float = 0.0

    @property
    def name(self) -> str:
        """The function's name: operation, then PyTorch's name of the input."""
        return self.function.__name__

    @property
    def input(self) -> str:
        """PyTorch's name of the input that the edge leads to: the part of the rule's name that follows the operation."""
        name = self.name.partition("__")[0]
        for parameter in _parameters(FORWARD[self.node]) if self.node in FORWARD else ():
            if name.endswith(f"_{parameter}"):
                return parameter
        return name.rpartition("_")[2]


TABLE: dict[tuple[str, int], list[Rule]] = {}
DERIVED: dict[tuple[str, str], Callable[..., Any]] = {}
FORWARD: dict[str, Callable[..., Any]] = {}
HELPERS: dict[str, Callable[..., Any]] = {}


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def rule(
    node: str,
    *,
    edge: int = 0,
    example: str,
    when: Callable[..., bool] | None = None,
    second_opinion: bool = True,
    accuracy: float = 0.0,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the function as the rule of one edge of one node class; several may share it, each with its own example.

    Raises UnshowableRule at import if the body is more than the renderer can show.
    """

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        refuse_unshowable(function)
        entry = Rule(node, edge, function, example, when, second_opinion, _parameters(function), accuracy)
        TABLE.setdefault((node, edge), []).append(entry)
        return function

    return enter


def shared(*nodes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a derived value: worked out once per node, a parameter of its rules by the function's name, shown as "where".

    As for rules, what follows `__` in the name tells apart the cases of one value, here those of different nodes.
    """

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for node in nodes:
            DERIVED[node, function.__name__.partition("__")[0]] = function
        return function

    return enter


def forward(*nodes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the forward expression of a node class: its parameters are input names and saved values."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        refuse_unshowable(function)
        for node in nodes:
            FORWARD[node] = function
        return function

    return enter


def helper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a named helper: a formula shows it by its name, its docstring's first sentence says what it does."""
    HELPERS[function.__name__] = function
    return function


def rules_of(node: str, edge: int) -> list[Rule]:
    """The rules of one edge, in the order of their cases; empty if there is none."""
    return TABLE.get((node, edge)) or TABLE.get((node, EACH)) or []

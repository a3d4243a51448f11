"""A function's source, read as a tree; anything but straight-line arithmetic and calls is refused."""

import ast
import dis
import inspect
import linecache
from collections.abc import Callable, Iterator
from functools import cache
from types import CodeType
from typing import Any, Final

from byhand.errors import UnshowableRule
from byhand.formula.tree import (
    Attribute,
    Call,
    Compare,
    Constant,
    Expression,
    Index,
    Method,
    Name,
    Number,
    Operation,
    Sign,
    Slice,
    Tree,
    Tuple,
    Word,
)

OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.USub: "-",
    ast.Invert: "~",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.GtE: ">=",
    ast.Gt: ">",
}
MODULES: Final = ("torch", "F", "nn", "math")

_PLAIN_INSTRUCTIONS: Final = frozenset(
    dis.opmap[name]
    for name in (
        "CACHE RESUME NOP EXTENDED_ARG PUSH_NULL LOAD_FAST LOAD_FAST_LOAD_FAST STORE_FAST STORE_FAST_LOAD_FAST LOAD_CONST LOAD_GLOBAL "
        "LOAD_ATTR LOAD_METHOD BINARY_OP BINARY_SUBSCR BINARY_SLICE BUILD_SLICE BUILD_TUPLE COMPARE_OP UNARY_NEGATIVE UNARY_INVERT "
        "PRECALL CALL CALL_KW KW_NAMES RETURN_VALUE"
    ).split()
    if name in dis.opmap
)
_STORES: Final = frozenset(dis.opmap[name] for name in ("STORE_FAST", "STORE_FAST_LOAD_FAST") if name in dis.opmap)
_INPLACE: Final = frozenset((dis.opmap["BINARY_OP"], argument) for argument in range(13, 26))  # +=, *= ...


def refuse_unshowable(function: Callable[..., Any]) -> None:
    """Raise UnshowableRule if the function's body is more than straight-line code that the renderers can show.

    Bytecode without a jump, an unpacking or a second assignment to a name cannot be anything else, and reading it is fifty times
    faster than parsing; only what is not obviously plain is parsed here.
    """
    if not _obviously_plain(inspect.unwrap(function).__code__):
        read(function)


def _obviously_plain(code: CodeType) -> bool:
    instructions, arguments = code.co_code[::2], code.co_code[1::2]
    if not _PLAIN_INSTRUCTIONS.issuperset(instructions) or any(name.endswith("_") for name in code.co_names):
        return False
    stores = sum(map(instructions.count, _STORES))
    inplace = not _INPLACE.isdisjoint(zip(instructions, arguments, strict=True))
    parameters = code.co_argcount + code.co_kwonlyargcount
    return stores == code.co_nlocals - parameters and not inplace and instructions.count(dis.opmap["RETURN_VALUE"]) == 1


@cache
def read(function: Callable[..., Any]) -> Tree:
    """The function as a tree. Raises UnshowableRule if its body is more than named lines and one return."""
    return _Reader(function).tree()


@cache
def _definitions(lines: tuple[str, ...]) -> dict[tuple[str, int], ast.FunctionDef]:
    return {
        (node.name, min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])): node
        for node in ast.walk(ast.parse("".join(lines)))
        if isinstance(node, ast.FunctionDef)
    }


def _definition(code: CodeType) -> ast.FunctionDef | None:
    linecache.checkcache(code.co_filename)
    lines = tuple(linecache.getlines(code.co_filename))
    return _definitions(lines).get((code.co_name, code.co_firstlineno))


class _Reader:
    """Turns the nodes of Python's `ast` into ours, and says which construct it met if it cannot."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._code: CodeType = inspect.unwrap(function).__code__
        self._known: set[str] = set()

    def tree(self) -> Tree:
        definition = _definition(self._code)
        if definition is None:
            raise self._refusal("its source cannot be read", None)
        parameters = self._parameters(definition.args)
        self._known = set(parameters)
        *lines, last = list(self._without_docstring(definition.body)) or [definition]
        where = tuple(self._line(statement) for statement in lines)
        if not isinstance(last, ast.Return) or last.value is None:
            raise self._refusal("no return of an expression at the end", last)
        return Tree(self.expression(last.value), where, parameters)

    def _parameters(self, arguments: ast.arguments) -> tuple[str, ...]:
        if arguments.vararg or arguments.kwarg:
            raise self._refusal("*args or **kwargs", arguments.vararg or arguments.kwarg)
        return tuple(argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))

    @staticmethod
    def _without_docstring(body: list[ast.stmt]) -> Iterator[ast.stmt]:
        match body:
            case [ast.Expr(ast.Constant(str())), *rest]:
                yield from rest
            case _:
                yield from body

    def _line(self, statement: ast.stmt) -> tuple[str, Expression]:
        match statement:
            case ast.Assign([ast.Name(name)], value):
                if name in self._known:
                    raise self._refusal(f"a second value for the name '{name}'", statement)
                expression = self.expression(value)
                self._known.add(name)
                return name, expression
        raise self._refusal(f"the statement `{_first_line(statement)}`", statement)

    def expression(self, node: ast.expr) -> Expression:
        """Our node for Python's."""
        match node:
            case ast.Constant(bool() | str() | None as value):
                return Word(value)
            case ast.Constant(value) if value is ...:
                return Word("...")
            case ast.Constant(int() | float() | complex() as value):
                return Number(value)
            case ast.Name(name) if name in self._known:
                return Name(name)
            case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
                return Operation(OPERATORS[type(operator)], self.expression(left), self.expression(right))
            case ast.UnaryOp(operator, operand) if type(operator) in OPERATORS:
                return Sign(OPERATORS[type(operator)], self.expression(operand))
            case ast.Compare(left, [operator], [right]) if type(operator) in OPERATORS:
                return Compare(OPERATORS[type(operator)], self.expression(left), self.expression(right))
            case ast.Tuple(items) | ast.List(items):
                return Tuple(tuple(self.expression(item) for item in items))
            case ast.Subscript(value, index):
                return Index(self.expression(value), self._items(index))
            case ast.Call():
                return self._call(node)
            case ast.Attribute(value, name):
                return self._attribute(node, value, name)
        raise self._refusal(f"`{_first_line(node)}`", node)

    def _items(self, index: ast.expr) -> tuple[Expression, ...]:
        items = index.elts if isinstance(index, ast.Tuple) else [index]
        return tuple(self._slice(item) if isinstance(item, ast.Slice) else self.expression(item) for item in items)

    def _slice(self, node: ast.Slice) -> Slice:
        return Slice(*(None if part is None else self.expression(part) for part in (node.lower, node.upper, node.step)))

    def _attribute(self, node: ast.Attribute, value: ast.expr, name: str) -> Expression:
        path = _module_path(node)
        return Constant(path) if path else Attribute(self.expression(value), name)

    def _call(self, node: ast.Call) -> Expression:
        arguments = tuple(self.expression(argument) for argument in node.args)
        if any(keyword.arg is None for keyword in node.keywords):
            raise self._refusal("**keywords in a call", node)
        keywords = tuple((str(keyword.arg), self.expression(keyword.value)) for keyword in node.keywords)
        match node.func:
            case ast.Name(name) if name not in self._known:
                return Call(name, arguments, keywords)
            case ast.Attribute() if path := _module_path(node.func):
                return Call(path, arguments, keywords)
            case ast.Attribute(value, name) if not name.endswith("_"):  # add_, copy_: a rule changes nothing in place
                return Method(self.expression(value), name, arguments, keywords)
        raise self._refusal(f"the call `{_first_line(node)}`", node)

    def _refusal(self, construct: str, node: ast.AST | None) -> UnshowableRule:
        return UnshowableRule(self._code.co_name, self._code.co_filename, getattr(node, "lineno", self._code.co_firstlineno), construct)


def _module_path(node: ast.expr) -> str:
    """`torch.nn.functional.relu` for such an attribute of a known module, else ""."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(names)]) if isinstance(node, ast.Name) and node.id in MODULES else ""


def _first_line(node: ast.AST) -> str:
    return ast.unparse(node).splitlines()[0]

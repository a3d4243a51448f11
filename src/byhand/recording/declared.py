"""What a custom autograd.Function's class says about itself: where its backward is, its parameters, and whether a difference is meant."""

import ast
import inspect
import re
import tokenize
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import torch

from byhand.graph import Graph, Origin
from byhand.recording.frames import outside
from byhand.recording.source import Source, sources
from byhand.results import Function

Result = TypeVar("Result")

MARK = re.compile(r"\bbyhand:\s*intended\b")
WORD = re.compile(r"\bbyhand\b", re.IGNORECASE)
_intended: weakref.WeakKeyDictionary[type, bool] = weakref.WeakKeyDictionary()
_origins: weakref.WeakKeyDictionary[type, tuple[Origin | None]] = weakref.WeakKeyDictionary()


def declared_intended(cls: type) -> bool:
    """Whether the class line of a Function carries the comment `# byhand: intended`; a class of several lines may on any of them.

    What a class inherits its backward from is asked too; the class of the backward node will do. Never raises; each class is read once.
    """
    cls = getattr(cls, "_forward_cls", cls)
    if cls not in _intended:
        _intended[cls] = any(_read(partial(_is_marked, each)) for each in _down_to_backward(cls))
    return _intended[cls]


def remark_of(cls: type) -> str:
    """A comment on the class line of a Function, or right above it, that says byhand and declares nothing; "" if there is none."""
    cls = getattr(cls, "_forward_cls", cls)
    return "" if declared_intended(cls) else _read(partial(_remark, cls)) or ""


def _remark(cls: type) -> str:
    for code in _codes(cls):
        source = _source(code)
        if source is None:
            continue
        for piece in ast.walk(source.tree):
            if isinstance(piece, ast.ClassDef) and piece.name == cls.__name__ and _holds(piece, code):
                return _said(source, piece, WORD) or _above(source.words.lines, _first_line(piece))
    return ""


def _above(lines: Sequence[str], first: int) -> str:
    """The comment right above a line, if it says byhand."""
    above = lines[first - 2].strip() if first > 1 else ""
    return above if above.startswith("#") and WORD.search(above) else ""


def _down_to_backward(cls: type) -> list[type]:
    """The class, and those above it down to the one that defines its backward."""
    order = [each for each in cls.__mro__ if each is not torch.autograd.Function]
    last = next((place for place, each in enumerate(order) if "backward" in vars(each) or "vjp" in vars(each)), 0)
    return order[: last + 1]


def defined_at(cls: type) -> Origin | None:
    """Where the `def backward` of a Function stands, None where no source of the user's is known."""
    cls = getattr(cls, "_forward_cls", cls)
    if cls not in _origins:
        _origins[cls] = (_read(lambda: _origin(cls)),)
    return _origins[cls][0]


def _read(read: Callable[[], Result]) -> Result | None:
    """What `read` gives; None where it cannot: a class may be anything, and nothing here may reach the user's program."""
    try:
        return read()
    except Exception:
        return None


def functions(graph: Graph, live: Sequence[Any]) -> dict[int, Function]:
    """The custom Functions among the nodes of a pass, by node index."""
    found = {}
    for node in graph.nodes:
        cls = function_class(live[node.index])
        if cls is not None:
            inputs = _read(partial(_inputs, live[node.index], cls)) or ()
            name = _read(partial(_name, cls)) or cls.__name__
            found[node.index] = Function(name, defined_at(cls), inputs, declared_intended(cls), remark_of(cls))
    return found


def function_class(live: Any) -> type | None:
    """The autograd.Function class that a node runs the backward of, None if it is PyTorch's own node."""
    found = getattr(type(live), "_forward_cls", None)
    return found if isinstance(found, type) else None


def _name(cls: Any) -> str:
    """The name of the class, or of the operator that torch.library.custom_op made."""
    op = _cell(cls.backward, "_overloadpacket")
    return str(cls.__name__ if op is None else op._schema.name)


def _backward(cls: Any) -> Any:
    """The function that works the gradient: the class's own, or for torch.library.custom_op the one that was registered."""
    given = cls.backward if cls.backward is not torch.autograd.Function.backward else cls.vjp
    registered = _cell(given, "_backward_fn")
    return inspect.unwrap(given if registered is None else registered._backward_fn)


def _cell(function: Any, attribute: str) -> Any:
    """What a function closes over that has the attribute; None if nothing does."""
    cells = getattr(function, "__closure__", None) or ()
    return next((cell.cell_contents for cell in cells if hasattr(cell.cell_contents, attribute)), None)


def _origin(cls: type) -> Origin | None:
    code = _backward(cls).__code__
    if not outside(code.co_filename):
        return None
    source = _source(code)
    if source is None:
        return Origin(code.co_filename, code.co_firstlineno)
    starts = (each.lineno for each in ast.walk(source.tree) if isinstance(each, _NAMED) and _first_line(each) == code.co_firstlineno)
    line = next(starts, code.co_firstlineno)
    return Origin(code.co_filename, line, source.words.line(line))


_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _first_line(piece: Any) -> Any:
    return min([piece.lineno, *(each.lineno for each in piece.decorator_list)])


def _source(code: Any) -> Source | None:
    """The text that the code was compiled from, if it is still known."""
    return next((source for source in sources(code.co_filename) if source.holds(code)), None)


def _is_marked(cls: type) -> bool:
    """Whether the header of the class, from `class` to the end of that logical line, has the comment."""
    for code in _codes(cls):
        source = _source(code)
        for piece in ast.walk(source.tree) if source is not None else ():
            if isinstance(piece, ast.ClassDef) and piece.name == cls.__name__ and _holds(piece, code) and _said(source, piece, MARK):
                return True
    return False


def _holds(piece: ast.ClassDef, code: Any) -> bool:
    return bool(piece.lineno <= code.co_firstlineno <= (piece.end_lineno or 0))


def _codes(cls: type) -> list[Any]:
    """The code of the methods that the class itself defines."""
    given = [inspect.unwrap(getattr(each, "__func__", each)) for each in vars(cls).values() if callable(getattr(each, "__func__", each))]
    return [each.__code__ for each in given if hasattr(each, "__code__") and each.__qualname__.startswith(f"{cls.__qualname__}.")]


def _said(source: Any, piece: ast.ClassDef, wanted: re.Pattern[str]) -> str:
    """The first comment in the header of a class that has the wanted words."""
    lines = iter(source.words.lines[piece.lineno - 1 :])
    for token in tokenize.generate_tokens(lambda: next(lines, "")):
        if token.type == tokenize.NEWLINE:
            return ""
        if token.type == tokenize.COMMENT and wanted.search(token.string):
            return token.string
    return ""


def input_names(live: Any, count: int, wanted: Sequence[int]) -> tuple[str, ...]:
    """The parameters of `forward` that took its tensors, of which there were `count`; "" for what is not known.

    `wanted` are those that needed a gradient.
    """
    return _read(partial(_input_names, live, count, wanted)) or ("",) * count


def _input_names(live: Any, count: int, wanted: Sequence[int]) -> tuple[str, ...]:
    parameters = parameters_of(live._forward_cls, len(live.needs_input_grad))
    if len(parameters) == count:
        return tuple(parameters)
    named = dict(zip(wanted, argument_numbers(live), strict=True))
    return tuple(parameters[named[number]] if number in named else "" for number in range(count))


def argument_numbers(live: Any) -> tuple[int, ...]:
    """Which arguments of `apply` needed a gradient: one for each edge of the node that leads on, in their order."""
    return tuple(number for number, needed in enumerate(live.needs_input_grad) if needed)


def _inputs(live: Any, cls: Any) -> tuple[str, ...]:
    """The parameter of `forward` behind each edge."""
    parameters = parameters_of(cls, len(live.needs_input_grad))
    wanted = [parameters[number] for number in argument_numbers(live)]
    given = [following[0] is not None for following in live.next_functions]
    if len(wanted) != sum(given):
        return ()
    return tuple(wanted[sum(given[:edge])] if given[edge] else "" for edge in range(len(given)))


def parameters_of(cls: Any, count: int) -> list[str]:
    """The names of the arguments of `apply`."""
    op = _cell(cls.backward, "_overloadpacket")
    if op is not None:
        names = [each.name for each in op._schema.arguments]
    else:
        code = inspect.unwrap(cls.forward).__code__
        separate = cls.setup_context is not torch.autograd.Function.setup_context
        names = list(code.co_varnames[0 if separate else 1 : code.co_argcount])
        if len(names) < count and code.co_flags & inspect.CO_VARARGS:
            rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
            names += [f"{rest}[{number}]" for number in range(count - len(names))]
    return [*names, *[""] * count][:count]

"""Where the classes of a program set and mention an attribute, read from their code: it is not run."""

import dis
import inspect
from collections.abc import Iterator
from itertools import pairwise
from types import CodeType, FunctionType
from typing import Any

from byhand.graph import Origin
from byhand.recording.frames import outside
from byhand.recording.naming import written

_INDIRECT = frozenset(
    {
        "children",
        "modules",
        "named_children",
        "named_modules",
        "parameters",
        "named_parameters",
        "_modules",
        "_parameters",
        "getattr",
        "__dict__",
    }
)
_READS = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_BUILDING = ("__init__", "__post_init__", "__setstate__")


def assigned(kind: type, attribute: str, *, building: bool = True) -> Origin | None:
    """The line of a class that sets an attribute, while it is built or later."""
    for name, code in _methods(kind):
        if (name in _BUILDING) is building:
            for each in _nested(code):
                for instruction in dis.get_instructions(each):
                    if instruction.opname == "STORE_ATTR" and instruction.argval == attribute:
                        return written(each, instruction.offset).origin
    return None


def mentioned(kind: type, attribute: str) -> Origin | None:
    """The first line of a class, outside its building, that reads an attribute."""
    for name, code in _methods(kind):
        if name not in _BUILDING:
            for each in _nested(code):
                for instruction in dis.get_instructions(each):
                    if instruction.opname in _READS and instruction.argval == attribute:
                        return written(each, instruction.offset).origin
    return None


def named_only(code: CodeType, attribute: str) -> Origin | None:
    """The line that reads an attribute and does nothing with it: a method that is not called."""
    instructions = list(dis.get_instructions(code))
    for one, after in pairwise(instructions):
        if one.opname in _READS and one.argval == attribute and after.opname == "POP_TOP":
            return written(code, one.offset).origin
    return None


def looks_indirectly(kind: type) -> bool:
    """Whether some method besides those that build reads attributes in another way than by their names."""
    codes = [each for name, code in _methods(kind) if name not in _BUILDING for each in _nested(code)]
    return any(_INDIRECT.intersection(each.co_names) for each in codes)


def is_users(kind: type) -> bool:
    """Whether the class was written by the user, with a `forward` that can be read."""
    found = [code for name, code in _methods(kind) if name == "forward"]
    return bool(found) and all("-packages/" not in code.co_filename for code in found)


def _methods(kind: type) -> Iterator[tuple[str, CodeType]]:
    """The functions of the user's classes among the bases of a class, nearest first."""
    for base in kind.__mro__:
        for name, thing in list(vars(base).items()):
            function = _function(thing)
            if function is not None and outside(function.__code__.co_filename):
                yield name, function.__code__


def _function(thing: Any) -> FunctionType | None:
    if isinstance(thing, property):
        thing = thing.fget
    if isinstance(thing, staticmethod | classmethod):
        thing = thing.__func__
    if not isinstance(thing, FunctionType):
        return None
    inner = inspect.unwrap(thing)
    return inner if isinstance(inner, FunctionType) else thing


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _nested(constant)

"""The user's variables that hold an object: found by identity, one or two levels deep, without running any of the user's code."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

LIMIT = 10_000  # objects looked at, so that a list of a million numbers costs nothing
_OPAQUE = (str, bytes, int, float, complex, type(None), type, ModuleType, FunctionType, BuiltinFunctionType)
_HELD = ("_parameters", "_buffers", "_modules")  # where a torch.nn.Module keeps what reads as its attributes


def things(*namespaces: Mapping[str, Any], opened: Callable[[Any], bool], depth: int = 2) -> Iterator[tuple[str, Any]]:
    """What the namespaces (locals first, then globals) hold, with the expression that reads it, variables before what containers hold.

    A name that begins with "_" is nobody's choice and left out, as is a variable that an earlier namespace hides. `opened` says
    whether to look inside a thing; `depth` is how many containers are opened: "params['w']" is one, "layers[0].weight" two.
    """
    level = list(_variables(namespaces))
    budget = LIMIT
    yield from level
    for _ in range(depth):
        containers = ((name, thing) for name, thing in level if not issubclass(type(thing), _OPAQUE) and opened(thing))
        level = list(islice((part for name, thing in containers for part in _parts(name, thing)), budget))
        budget -= len(level)
        yield from level


def _variables(namespaces: tuple[Mapping[str, Any], ...]) -> Iterator[tuple[str, Any]]:
    met: set[str] = set()
    for namespace in namespaces:
        for name, thing in list(namespace.items()):
            if name not in met and not name.startswith("_") and name.isidentifier():
                yield name, thing
        met.update(namespace)


def _parts(name: str, thing: Any) -> Iterator[tuple[str, Any]]:
    """What an object holds, with the expression that reads it; nothing that would have to be computed."""
    kind = type(thing)  # isinstance would ask a proxy for its class, and make it load
    if issubclass(kind, list | tuple):
        yield from ((f"{name}[{number}]", each) for number, each in enumerate(_elements(thing)))
    elif issubclass(kind, dict):
        yield from ((f"{name}[{key!r}]", each) for key, each in _entries(thing) if isinstance(key, str | int))
    else:
        yield from ((_attribute(name, key), each) for key, each in _attributes(thing))


def _elements(thing: Any) -> Iterator[Any]:
    return list.__iter__(thing) if issubclass(type(thing), list) else tuple.__iter__(thing)


def _entries(thing: dict[Any, Any]) -> list[tuple[Any, Any]]:
    return list(islice(dict.items(thing), LIMIT))


def _attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    try:
        held = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return
    if not isinstance(held, dict):
        return
    for key, each in _entries(held):
        if isinstance(key, str) and not key.startswith("_"):
            yield key, each
        elif key in _HELD and isinstance(each, dict):
            yield from ((str(inner), part) for inner, part in _entries(each))


def _attribute(name: str, key: str) -> str:
    return f"{name}.{key}" if key.isidentifier() else f"{name}[{key}]"

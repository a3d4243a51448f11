"""The nodes of a graph that are not PyTorch's own: custom Functions and operators, compiled regions, C++ extensions."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction

from byhand.graph import Origin
from byhand.recording.declared import declared_intended, defined_at, function_class

inherited = torch.autograd.Function.jvp
_EXTENSIONS = ("CppNode", "CppFunction")


def is_foreign(node: Any) -> bool:
    """Whether the backward of a node is somebody else's code."""
    return isinstance(node, BackwardCFunction) or any(word in node.name() for word in _EXTENSIONS)


def foreign(nodes: Sequence[Any]) -> list[Any]:
    """The nodes whose backward is not PyTorch's own."""
    return [node for node in nodes if is_foreign(node)]


def name_of(node: Any) -> str:
    """The name of the class or the operator that made a node."""
    kind = function_class(node)
    name = kind.__name__ if kind is not None else str(node.name())
    return name.removeprefix("GeneratedBackwardFor_").removesuffix("_default")


def line_of(nodes: Sequence[Any]) -> Origin | None:
    """Where the program says what the backward of the first of the nodes is, as far as it is Python."""
    lines = (defined_at(kind) for kind in map(function_class, nodes) if kind is not None)
    return next((line for line in lines if line is not None), None)


def any_intended(nodes: Sequence[Any]) -> bool:
    """Whether the program declares of one of the nodes that its backward is not the derivative, and means it."""
    return any(declared_intended(kind) for kind in map(function_class, nodes) if kind is not None)


def has_own_jvp(nodes: Sequence[Any]) -> bool:
    """Whether one of the nodes belongs to a Function that says itself what its forward mode is."""
    return any(getattr(function_class(node), "jvp", inherited) is not inherited for node in nodes)


def saved_by(node: Any) -> dict[str, torch.Tensor]:
    """What a node keeps for its backward, by the expression that reads it there; what cannot be read is left out."""
    if not isinstance(node, BackwardCFunction):
        return {}
    kept: tuple[torch.Tensor | None, ...] = ()
    with suppress(RuntimeError):  # given back already, or changed since: the backward itself will say so
        kept = node.saved_tensors
    found = {f"ctx.saved_tensors[{number}]": tensor for number, tensor in enumerate(kept)}
    found |= {f"ctx.{name}": value for name, value in vars(node).items()}
    return {name: value for name, value in found.items() if isinstance(value, torch.Tensor) and value.layout is torch.strided}

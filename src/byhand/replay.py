"""Forward values that PyTorch did not keep, worked out again where everything that went in is known."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.graph import Graph, Node
from byhand.recording.describe import Description
from byhand.recording.saved import Saved
from byhand.recording.summary import summarize
from byhand.rules.table import FORWARD, rules_of
from byhand.value import Value

LARGEST = 1 << 20  # elements of all values together; beyond this a value that was not kept is not worked out again
Place = tuple[int, int]
Found = dict[Place, torch.Tensor]


def replay(
    graph: Graph,
    live: Sequence[Any],
    descriptions: Sequence[Description],
    variable: Callable[[int, int], torch.Tensor | None],
    *,
    most: int = LARGEST,
) -> list[Description]:
    """The descriptions, with the values filled in that follow from leaves, variables and what PyTorch saved.

    Nothing is filled in where what follows contradicts the root's own value: then something was changed after the forward pass.
    """
    found = work_out(graph, live, variable, most=most)
    return [_filled(node, description, found) for node, description in zip(graph.nodes, descriptions, strict=True)]


def work_out(
    graph: Graph, live: Sequence[Any], variable: Callable[[int, int], torch.Tensor | None], *, most: int = LARGEST
) -> dict[Place, torch.Tensor]:
    """The forward values that are known or follow, by place; none in a graph of more than `most` elements.

    None either where what follows contradicts the root's own value: then something was changed after the forward pass.
    """
    if sum(math.prod(meta.shape) for node in graph.nodes for meta in node.outputs) > most:
        return {}
    found: Found = {}
    for node in reversed(graph.nodes):
        for output_nr in range(len(node.outputs)):
            tensor = live[node.index].variable if node.leaf else variable(node.index, output_nr)
            if tensor is not None:
                found[node.index, output_nr] = tensor.detach()
        if not node.leaf and (node.index, 0) not in found and len(node.outputs) == 1:
            _work_out(node, Saved(live[node.index]), found)
    return {} if _contradicted(graph, live, found, variable) else found


def _contradicted(graph: Graph, live: Sequence[Any], found: Found, variable: Callable[[int, int], torch.Tensor | None]) -> bool:
    """Whether the first root, worked out again, is not the value that the program holds."""
    node = graph.nodes[graph.roots[0].node]
    known = variable(node.index, 0)
    if node.leaf or known is None or len(node.outputs) != 1:
        return False
    try:
        again = _forward(node, Saved(live[node.index]), found)
    except Exception:
        return False
    if not isinstance(again, torch.Tensor) or again.shape != known.shape or again.dtype != known.dtype:
        return False
    if again.layout is not torch.strided or known.layout is not torch.strided:
        return False
    return not torch.allclose(again, known.detach(), rtol=1e-3, atol=1e-6, equal_nan=True)


def _work_out(node: Node, saved: Saved, found: Found) -> None:
    """The node's own saved result, else its forward expression on what is known."""
    try:
        if "result" in saved and isinstance(result := saved["result"], torch.Tensor):
            found[node.index, 0] = result.detach()
        _learn_inputs(node, saved, found)
        value = None if (node.index, 0) in found else _forward(node, saved, found)
    except Exception:
        return  # a value that cannot be worked out is not recorded; the judge says why
    if isinstance(value, torch.Tensor) and tuple(value.shape) == node.outputs[0].shape and value.dtype == node.outputs[0].dtype:
        found[node.index, 0] = value


def _learn_inputs(node: Node, saved: Saved, found: Found) -> None:
    """What PyTorch saved of an input is the value of the node that the input came from."""
    for name, place in _inputs(node).items():
        if place not in found and name in saved and isinstance(value := saved[name], torch.Tensor):
            found[place] = value.detach()


def _inputs(node: Node) -> dict[str, Place]:
    found = {}
    for number, edge in enumerate(node.edges):
        rules = rules_of(node.name, number)
        if edge is not None and rules:
            found[rules[0].input] = (edge.node, edge.output_nr)
    return found


def _forward(node: Node, saved: Saved, found: Found) -> Any:
    """The forward expression with everything it names, None where something is unknown or the expression does not apply."""
    forward = FORWARD.get(node.name)
    if forward is None:
        return None
    inputs, given = _inputs(node), []
    for name in forward.__code__.co_varnames[: forward.__code__.co_argcount]:
        value = found.get(inputs[name]) if name in inputs else _saved(saved, name)
        if value is None:
            return None
        given.append(value)
    try:
        return forward(*given)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None


def _saved(saved: Saved, name: str) -> Any:
    """What the node saved under a name; None if it saves nothing of that name."""
    if name not in saved:
        return None
    return saved[name]


def _filled(node: Node, description: Description, found: Found) -> Description:
    values = tuple(
        value if isinstance(value, Value) or (node.index, number) not in found else summarize(found[node.index, number])
        for number, value in enumerate(description.values)
    )
    return replace(description, values=values)

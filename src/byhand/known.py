"""Custom Functions in a graph that nobody recorded: their inputs looked for, and their forward written down by calling it once more."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction

from byhand.errors import ByhandError
from byhand.graph import Graph, Node
from byhand.recording.functions import TAPE
from byhand.recording.retold import tell_again
from byhand.replay import work_out

Place = tuple[int, int]
Variable = Callable[[int, int], torch.Tensor | None]


@contextmanager
def known_functions(graph: Graph, live: Sequence[Any], variable: Variable) -> Iterator[None]:
    """Inside, every custom node has a tape, or the reason why it has none; `variable` gives a tensor of the program's by its place."""
    custom = [node for node in graph.nodes if _is_custom(live[node.index])]
    values = work_out(graph, live, variable) if custom else {}
    for node in custom:
        live[node.index].metadata[TAPE] = _tape_or_reason(graph, node, live, values, variable)
    try:
        yield
    finally:
        for node in custom:
            live[node.index].metadata.pop(TAPE, None)


def _is_custom(handle: Any) -> bool:
    """Whether a node is the program's own, not written down before, and no checkpointed region."""
    return isinstance(handle, BackwardCFunction) and TAPE not in handle.metadata and not hasattr(handle, "run_function")


def _tape_or_reason(graph: Graph, node: Node, live: Sequence[Any], values: Mapping[Place, torch.Tensor], variable: Variable) -> Any:
    try:
        return _told(graph, node, live[node.index], live, values, variable)
    except ByhandError as problem:
        return problem.why
    except Exception as problem:
        return f"its forward could not be called once more: {type(problem).__name__}: {problem}".splitlines()[0]


def _told(graph: Graph, node: Node, handle: Any, live: Sequence[Any], values: Mapping[Place, torch.Tensor], variable: Variable) -> Any:
    def value_of(number: int) -> torch.Tensor | None:
        edge = node.edges[number]
        if edge is None:
            return None
        place = (edge.node, edge.output_nr)
        producer = live[edge.node]
        if hasattr(producer, "variable"):
            return torch.as_tensor(producer.variable.detach())
        known = variable(*place)
        if known is None:
            known = next((each for each in _saved(handle) if each.grad_fn is producer and each.output_nr == edge.output_nr), None)
        return values.get(place) if known is None else known.detach()

    used = sorted({edge.output_nr for other in graph.nodes for edge in other.edges if edge and edge.node == node.index})
    used += [root.output_nr for root in graph.roots if root.node == node.index]
    return tell_again(handle, value_of, used, lambda output_nr: variable(node.index, output_nr))


def _saved(handle: Any) -> list[torch.Tensor]:
    """What the node saved, where looking at it runs nothing."""
    return [each.data for each in handle._raw_saved_tensors if each.unpack_hook is None and isinstance(each.data, torch.Tensor)]

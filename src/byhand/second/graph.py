"""The second derivatives of a whole graph, node by node, without PyTorch's engine."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from byhand.chain_rule import accumulate, receive
from byhand.errors import Unreadable
from byhand.graph import Graph, Node
from byhand.recording.direct import run_node
from byhand.second.node import Seconded, Sent, second_of, unrun
from byhand.second.passes import inputs_of
from byhand.second.workings import Bounds

Place = tuple[int, int]


def second_derivatives(
    graph: Graph, live: Sequence[Any], seeds: Sequence[torch.Tensor], *, told: Callable[[int], None]
) -> tuple[Seconded, ...]:
    """What is found out about each node that a gradient reaches. `told` hears of each node's index.

    Each node's backward is called once, with a graph; no hook fires, and no `.grad` changes.
    """
    known = set(live).__contains__
    arrived: dict[Place, torch.Tensor] = {}
    for root, seed in zip(graph.roots, seeds, strict=True):
        _add(arrived, (root.node, root.output_nr), seed)
    found = []
    for node, handle in zip(graph.nodes, live, strict=True):
        told(node.index)
        grads = [arrived.pop((node.index, number), None) for number in range(len(node.outputs))]
        if node.leaf or all(grad is None for grad in grads):
            continue
        bounds = Bounds(inputs_of(node, live), known)
        upstream = [None if grad is None else grad.detach().requires_grad_() for grad in grads]
        try:
            sent = _run(node, handle, upstream)
        except Unreadable as problem:
            found.append(unrun(node, problem.why))
            continue
        found.append(second_of(node, handle, sent, bounds))
        for number, given in sent.edges.items():
            edge = node.edges[number]
            if edge is not None:
                _add(arrived, (edge.node, edge.output_nr), given.detach())
    return tuple(found)


def _run(node: Node, handle: Any, upstream: Sequence[torch.Tensor | None]) -> Sent:
    with torch.enable_grad():
        given = run_node(node, handle, upstream)
        edges = {
            number: receive(each, edge)
            for number, (edge, each) in enumerate(zip(node.edges, given, strict=False))
            if edge is not None and each is not None
        }
    return Sent(upstream, edges)


def _add(sums: dict[Place, torch.Tensor], place: Place, given: torch.Tensor) -> None:
    sums[place] = accumulate(sums.get(place), given)

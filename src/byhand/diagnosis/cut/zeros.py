"""The leaves that a backward pass reaches only through operations whose derivative is zero everywhere."""

from collections.abc import Sequence
from typing import Any

from byhand.graph import Graph

_ZERO = ("Round", "Sign", "Sgn", "Floor", "Ceil", "Trunc", "Bernoulli", "Poisson", "Normal")


def zero_everywhere(name: str, live: Any) -> bool:
    """Whether a node sends exact zeros whatever it is sent."""
    short = name.rstrip("0123456789").removesuffix("Backward")
    return short in _ZERO or (short == "Div" and bool(getattr(live, "_saved_rounding_mode", None)))


def behind_zeros(graph: Graph, live: Sequence[Any]) -> dict[int, int]:
    """The leaves, by index, to which every path passes such a node, each with the first that the gradient meets; empty in most graphs."""
    steps = {node.index for node in graph.nodes if zero_everywhere(node.name, live[node.index])}
    if not steps:
        return {}
    free: set[int] = {root.node for root in graph.roots}
    behind: dict[int, int] = {}
    for node in graph.nodes:
        for edge in node.edges:
            if edge is None:
                continue
            if node.index in free and node.index not in steps:
                free.add(edge.node)
            elif node.index in steps or node.index in behind:
                behind.setdefault(
                    edge.node, node.index if node.index in steps and node.index in free else behind.get(node.index, node.index)
                )
    return {index: step for index, step in behind.items() if index not in free and graph.nodes[index].leaf}

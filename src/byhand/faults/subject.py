"""Whose gradient a fault spoils: the weights behind a wrong input, the nearest first."""

import math
from collections import deque
from collections.abc import Sequence

from byhand.results import Leaf, Pass
from byhand.value import Value

FURTHER = 2  # nodes that a weight may lie behind the nearest one of its module: that is often the bias


def spoiled(result: Pass, start: int) -> list[Leaf]:
    """The weights of the pass that lie behind a node, the one to name first, then the nearest first.

    To be named: of the weights that are reached first and those of the same module up to two nodes further, the one with the most
    elements; a bias lies nearer than its weight.
    """
    depths = _depths(result, start)
    order = {leaf.index: place for place, leaf in enumerate(_by_use(result))}
    behind = sorted((leaf for leaf in result.leaves if leaf.index in depths), key=lambda leaf: (depths[leaf.index], order[leaf.index]))
    if not behind:
        return []
    nearest = depths[behind[0].index]
    modules = {_module(leaf) for leaf in behind if depths[leaf.index] == nearest}
    near = [leaf for leaf in behind if depths[leaf.index] <= nearest + FURTHER and _module(leaf) in modules]
    named = min(near, key=lambda leaf: (-_elements(leaf), -_dimensions(leaf), depths[leaf.index], order[leaf.index]))
    return [named, *(leaf for leaf in behind if leaf is not named)]


def _depths(result: Pass, start: int) -> dict[int, int]:
    """How many nodes lie between a node and each that it can be reached from."""
    nodes = result.graph.nodes
    depths, waiting = {start: 0}, deque([start])
    while waiting:
        index = waiting.popleft()
        for edge in nodes[index].edges:
            if edge is not None and edge.node not in depths:
                depths[edge.node] = depths[index] + 1
                waiting.append(edge.node)
    return depths


def _by_use(result: Pass) -> Sequence[Leaf]:
    """The weights in the order in which the program used them: the user made first is the first."""
    nodes = result.graph.nodes
    first: dict[int, int] = {}
    for node in nodes:
        for edge in node.edges:
            if edge is not None and node.sequence >= 0:
                first[edge.node] = min(first.get(edge.node, node.sequence), node.sequence)
    return sorted(result.leaves, key=lambda leaf: (first.get(leaf.index, len(nodes)), leaf.index))


def _module(leaf: Leaf) -> str:
    return leaf.name.rpartition(".")[0]


def _elements(leaf: Leaf) -> int:
    return math.prod(leaf.value.shape) if isinstance(leaf.value, Value) else 0


def _dimensions(leaf: Leaf) -> int:
    return len(leaf.value.shape) if isinstance(leaf.value, Value) else 0

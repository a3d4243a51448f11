"""The longest chain of layers in a graph, from the loss back, and the gradients that arrive along it."""

import math
from dataclasses import dataclass, field

from byhand.diagnosis.ways import LINEAR, edges, nearest_leaf, origin
from byhand.graph import Graph, Node

_GAINS = frozenset({"MulBackward0"})


@dataclass(slots=True)
class Chain:
    """Nodes that multiply by a weight, each behind the one before. After `measure`: those that a gradient reached, and its norms.

    `largest_at_end` is the largest norm that arrives at any use of the weight at the end.
    """

    path: tuple[int, ...]
    uses: dict[int, list[int]]
    ends: dict[int, int]
    places: frozenset[int]
    nodes: list[int] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    largest_at_end: float = math.inf
    underflowed: int = 0

    def measure(self, arrived: dict[int, float]) -> None:
        """Keep the part of the chain that finite gradients other than zero arrived at."""
        for index in self.path:
            size = arrived.get(index, math.nan)
            if not math.isfinite(size):
                return
            if size:
                self.nodes.append(index)
                self.norms.append(size)
            elif self.norms:
                self.underflowed += 1
        if self.nodes:
            leaf = self.ends.get(self.nodes[-1])
            same = self.uses.get(leaf, []) if leaf is not None else []
            self.largest_at_end = max([arrived.get(index, 0.0) for index in same], default=self.norms[-1])

    def deepest_leaf(self, graph: Graph) -> Node | None:
        """The weight at the far end."""
        if not self.nodes:
            return None
        last = self.nodes[-1]
        return graph.nodes[self.ends[last]] if last in self.ends else nearest_leaf(graph, graph.nodes[last])


def longest(graph: Graph) -> Chain | None:
    """The chain through the most nodes that multiply by something trained."""
    ends = {node.index: leaf for node in graph.nodes for leaf in [_weight(graph, node)] if leaf is not None}
    counted = [node.name in LINEAR or node.index in ends for node in graph.nodes]
    count, before = list(map(int, counted)), [-1] * len(graph.nodes)
    for node in graph.nodes:
        for edge in edges(node):
            if count[edge.node] < count[node.index] + counted[edge.node]:
                count[edge.node], before[edge.node] = count[node.index] + counted[edge.node], node.index
    last = max((node.index for node in graph.nodes if counted[node.index]), key=lambda index: count[index], default=-1)
    path = []
    while last >= 0:
        path += [last] if counted[last] else []
        last = before[last]
    uses: dict[int, list[int]] = {}
    for index, leaf in ends.items():
        uses.setdefault(leaf, []).append(index)
    return Chain(tuple(reversed(path)), uses, ends, frozenset({*path, *ends})) if path else None


def _weight(graph: Graph, node: Node) -> int | None:
    """The leaf that a node multiplies by."""
    if node.name not in LINEAR and node.name not in _GAINS:
        return None
    found = [each for each in (origin(graph, edge) for edge in edges(node)) if each.leaf]
    return max(found, key=lambda each: len(each.outputs[0].shape)).index if found else None

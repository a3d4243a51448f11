"""The part of PyTorch's graph between some tensors and the nodes that are known already: what one backward call recorded."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from byhand.graph import Edge, Graph, Node, Root, TensorMeta
from byhand.recording.walk import gradient_node, is_leaf, metas_of

Spot = tuple[Any, int]
"""One output of one of PyTorch's own nodes."""


class Between(NamedTuple):
    """A graph that ends at known nodes, as if these were leaves; `ends` says which leaf stands for which spot."""

    graph: Graph
    live: list[Any]
    ends: dict[int, Spot]


def read_between(tensors: Sequence[Any], known: Callable[[Any], bool]) -> Between:
    """The graph from the tensors down to leaves and known nodes, each node before those it leads to.

    The live nodes must be dropped by the caller.
    """
    roots = [_spot(*gradient_node(tensor), known) for tensor in tensors]
    spots = _ordered(roots, known)
    position = {spot: index for index, spot in enumerate(spots)}
    outputs = [_outputs(spot) for spot in spots]
    nodes, ends = [], {}
    for index, (live, output_nr) in enumerate(spots):
        if output_nr is not None:
            ends[index] = (live, output_nr)
            nodes.append(Node(index, type(live).__name__, (), outputs[index], leaf=True))
            continue
        edges: list[Edge | None] = []
        for target, number in live.next_functions:
            if target is None:
                edges.append(None)
                continue
            to = _spot(target, number, known)
            edges.append(_edge(position[to], to, number, outputs))
        nodes.append(Node(index, type(live).__name__, tuple(edges), outputs[index], live._sequence_nr()))
    places = [Root(position[spot], 0 if spot[1] is not None else number) for spot, number in zip(roots, _numbers(tensors), strict=True)]
    return Between(Graph(tuple(nodes), tuple(places)), [live for live, _ in spots], ends)


def _numbers(tensors: Sequence[Any]) -> list[int]:
    return [gradient_node(tensor)[1] for tensor in tensors]


def _spot(live: Any, output_nr: int, known: Callable[[Any], bool]) -> tuple[Any, int | None]:
    """A node by itself, or one output of a node where the graph ends."""
    return (live, output_nr) if is_leaf(live) or known(live) else (live, None)


def _edge(index: int, to: tuple[Any, int | None], number: int, outputs: Sequence[tuple[TensorMeta, ...]]) -> Edge:
    place = number if to[1] is None else 0
    return Edge(index, place, outputs[index][place])


def _outputs(spot: tuple[Any, int | None]) -> tuple[TensorMeta, ...]:
    live, output_nr = spot
    metas = metas_of(live)
    return metas if output_nr is None else (metas[output_nr],)


def _ordered(roots: Sequence[tuple[Any, int | None]], known: Callable[[Any], bool]) -> list[tuple[Any, int | None]]:
    waiting = dict.fromkeys(roots, 0)
    stack, found = list(waiting), list(waiting)
    while stack:
        for to in _following(stack.pop(), known):
            if to not in waiting:
                waiting[to] = 0
                stack.append(to)
                found.append(to)
            waiting[to] += 1
    ready = [spot for spot in found if not waiting[spot]]
    order = []
    while ready:
        order.append(spot := ready.pop())
        for to in _following(spot, known):
            waiting[to] -= 1
            if not waiting[to]:
                ready.append(to)
    return order


def _following(spot: tuple[Any, int | None], known: Callable[[Any], bool]) -> list[tuple[Any, int | None]]:
    live, output_nr = spot
    if output_nr is not None:
        return []
    return [_spot(target, number, known) for target, number in live.next_functions if target is not None]

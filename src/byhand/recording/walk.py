"""Reads the graph behind a tensor: nodes in topological order, found without recursion, freed without a crash."""

import threading
from collections.abc import Sequence
from typing import Any

import torch

from byhand.graph import Edge, Graph, Node, Root, TensorMeta
from byhand.recording.summary import lengths

BAND = 500  # steps down a graph; PyTorch frees walked nodes by recursion, and 2,000 steps overflow the stack of a small thread


class _Releasing(threading.local):
    """The nodes that this thread is about to let go of, and whether it is doing so already."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.busy = False


_releasing = _Releasing()


class _Release:
    """Owns some of the nodes that a node leads to, from inside its metadata; when that node is freed they go one after the other."""

    __slots__ = ("nodes", "releasing")

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes
        self.releasing = _releasing  # modules lose their globals before the last tensors are freed

    def __del__(self) -> None:
        waiting = self.releasing.nodes
        waiting += self.nodes
        self.nodes.clear()
        if self.releasing.busy:
            return
        self.releasing.busy = True
        try:
            while waiting:
                waiting.pop()
        finally:
            self.releasing.busy = False


def _make_safe_to_free(graph: Graph, live: Sequence[Any]) -> None:
    """Cut the recursion that frees a deep graph into bands: an edge from one band to the next is let go of later."""
    depths = [0] * len(live)
    for node in graph.nodes:
        below = depths[node.index] + 1
        for edge in node.edges:
            if edge is not None and depths[edge.node] < below:
                depths[edge.node] = below
    for node in graph.nodes:
        band = depths[node.index] // BAND
        leaving = [live[edge.node] for edge in node.edges if edge is not None and depths[edge.node] // BAND > band]
        if leaving:
            live[node.index].metadata["byhand.release"] = _Release(leaving)


def topological(roots: Sequence[Any]) -> list[Any]:
    """All nodes reached from the roots, each before the nodes it leads to."""
    waiting: dict[Any, int] = dict.fromkeys(roots, 0)
    stack, found = list(waiting), list(waiting)
    while stack:
        for following, _ in stack.pop().next_functions:
            if following is None:
                continue
            if following in waiting:
                waiting[following] += 1
            else:
                waiting[following] = 1
                stack.append(following)
                found.append(following)
    ready = [node for node in found if not waiting[node]]
    order = []
    while ready:
        node = ready.pop()
        order.append(node)
        for following, _ in node.next_functions:
            if following is not None:
                waiting[following] -= 1
                if not waiting[following]:
                    ready.append(following)
    return order


def _metas(node: Any) -> tuple[TensorMeta, ...]:
    metas = []
    for meta in node._input_metadata:
        shape = () if meta.is_cpp_nested_tensor else lengths(meta.shape)
        metas.append(TensorMeta(shape, meta.dtype, meta.device))
    return tuple(metas)


def is_leaf(node: Any) -> bool:
    """Whether the node is where a gradient is stored: PyTorch's AccumulateGrad."""
    return type(node).__name__ == "AccumulateGrad"


def _leaf_metas(node: Any) -> tuple[TensorMeta, ...]:
    leaf = node.variable
    strided = leaf.layout is torch.strided
    return (
        TensorMeta(
            lengths(leaf.shape), leaf.dtype, leaf.device, leaf.stride() if strided else None, leaf.storage_offset() if strided else None
        ),
    )


def metas_of(node: Any) -> tuple[TensorMeta, ...]:
    """The metadata of a node's outputs; of a leaf that of its tensor."""
    return _leaf_metas(node) if is_leaf(node) else _metas(node)


def read_graph(tensors: Sequence[Any], names: Sequence[str] = ()) -> tuple[Graph, list[Any]]:
    """The graph behind the tensors, and PyTorch's own nodes in the same order.

    The live nodes must be dropped by the caller; a deep graph is made safe to free first.
    """
    roots = [gradient_node(tensor) for tensor in tensors]
    live = topological(list(dict.fromkeys(node for node, _ in roots)))
    position = {node: index for index, node in enumerate(live)}
    outputs = [metas_of(node) for node in live]
    nodes = []
    for index, node in enumerate(live):
        edges = tuple(
            None if target is None else Edge(position[target], number, outputs[position[target]][number])
            for target, number in node.next_functions
        )
        leaf = is_leaf(node)
        nodes.append(Node(index, type(node).__name__, edges, outputs[index], -1 if leaf else node._sequence_nr(), leaf))
    labels = list(names) + [""] * (len(roots) - len(names))
    graph = Graph(tuple(nodes), tuple(Root(position[node], number, label) for (node, number), label in zip(roots, labels, strict=True)))
    if len(live) > BAND:
        _make_safe_to_free(graph, live)
    return graph, live


def gradient_node(tensor: Any) -> tuple[Any, int]:
    """The node and output number that a tensor's gradient arrives at (for a leaf its AccumulateGrad), or a GradientEdge's own."""
    if not isinstance(tensor, torch.Tensor):
        return tensor.node, tensor.output_nr
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    edge = torch.autograd.graph.get_gradient_edge(tensor)
    return edge.node, edge.output_nr

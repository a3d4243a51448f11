"""Reads the graph behind a tensor: nodes in topological order, found without recursion, freed without a crash."""

from collections.abc import Sequence
from typing import Any

import torch

from byhand.graph import Edge, Graph, Node, Root, TensorMeta

DEEP = 1_000  # nodes; above this a walked graph is freed node by node, or its destructor overflows the stack


class _Release:
    """Owns the nodes below a root from inside the root's metadata, and lets go of them topmost first."""

    __slots__ = ("nodes",)

    def __init__(self, nodes: list[Any]) -> None:
        self.nodes = nodes

    def __del__(self) -> None:
        nodes = self.nodes
        nodes.reverse()
        while nodes:
            nodes.pop()


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
        shape = () if meta.is_cpp_nested_tensor else tuple(meta.shape)
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
            tuple(leaf.shape), leaf.dtype, leaf.device, leaf.stride() if strided else None, leaf.storage_offset() if strided else None
        ),
    )


def read_graph(tensors: Sequence[Any], names: Sequence[str] = ()) -> tuple[Graph, list[Any]]:
    """The graph behind the tensors, and PyTorch's own nodes in the same order.

    The live nodes must be dropped by the caller; a deep graph is made safe to free first.
    """
    roots = [gradient_node(tensor) for tensor in tensors]
    live = topological(list(dict.fromkeys(node for node, _ in roots)))
    position = {node: index for index, node in enumerate(live)}
    outputs = [_leaf_metas(node) if is_leaf(node) else _metas(node) for node in live]
    nodes = []
    for index, node in enumerate(live):
        edges = tuple(
            None if target is None else Edge(position[target], number, outputs[position[target]][number])
            for target, number in node.next_functions
        )
        leaf = is_leaf(node)
        nodes.append(Node(index, type(node).__name__, edges, outputs[index], -1 if leaf else node._sequence_nr(), leaf))
    if len(live) > DEEP:
        for node in dict.fromkeys(node for node, _ in roots):
            # Without the root itself: a node that owned itself would never be freed.
            node.metadata["byhand.release"] = _Release(live[1:] if len(roots) == 1 else topological([node])[1:])
    labels = list(names) + [""] * (len(roots) - len(names))
    return Graph(
        tuple(nodes), tuple(Root(position[node], number, label) for (node, number), label in zip(roots, labels, strict=True))
    ), live


def gradient_node(tensor: Any) -> tuple[Any, int]:
    """The node and output number that a tensor's gradient arrives at (for a leaf its AccumulateGrad), or a GradientEdge's own."""
    if not isinstance(tensor, torch.Tensor):
        return tensor.node, tensor.output_nr
    if tensor.grad_fn is not None:
        return tensor.grad_fn, tensor.output_nr
    edge = torch.autograd.graph.get_gradient_edge(tensor)
    return edge.node, edge.output_nr

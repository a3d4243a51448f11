"""How a value goes on to the loss."""

import math
from collections.abc import Sequence

from byhand.diagnosis.ways import HANDED_ON, consumers, edges
from byhand.graph import Graph, Node

_ELEMENTWISE = frozenset(
    f"{name}Backward0"
    for name in (
        "Abs Add Addcmul Alias BinaryCrossEntropy Clamp ClampMax ClampMin Clone Cosh Div Erf Exp Expand HuberLoss Hypot L1Loss LeakyRelu"
        " Lerp Log Log1P LogAddExp LogSigmoid MaskedFill Maximum Minimum MseLoss Mul Neg Pow Relu Rsub Sigmoid Sign SmoothL1Loss"
        " Softplus Sqrt Square Sub Tanh Threshold ToCopy View Where Xlogy"
    ).split()
) | {"PowBackward1", "DivBackward1", "MulBackward1", "ClampBackward1"}
_WHOLE = frozenset({"MeanBackward0", "SumBackward0"})


def becomes_loss(graph: Graph, node: Node, taken: Sequence[list[int]]) -> bool:
    """Whether a result is only worked on element by element, and then summed up as a whole, on every way to the loss."""
    waiting, met = [node.index], {node.index}
    for index in waiting:
        here = graph.nodes[index]
        if math.prod(here.outputs[0].shape) == 1 and index != node.index:
            continue
        following = taken[index]
        if not following and not any(root.node == index for root in graph.roots):
            return False
        for after in following:
            name = graph.nodes[after].name
            if name not in _ELEMENTWISE and name not in _WHOLE and not _sums_all(graph.nodes[after]):
                return False
            if after not in met:
                met.add(after)
                waiting.append(after)
    return True


def _sums_all(node: Node) -> bool:
    """Whether a mean or sum over named dimensions leaves a single number."""
    return node.name in {"MeanBackward1", "SumBackward1"} and math.prod(node.outputs[0].shape) == 1


def samples(graph: Graph) -> set[int]:
    """How many rows there are where the loss begins: the first sizes of what is taken together to a single number."""
    found = set()
    for node in graph.nodes:
        if node.outputs and math.prod(node.outputs[0].shape) == 1:
            found |= {
                edge.meta.shape[0]
                for edge in edges(node)
                if len(edge.meta.shape) and math.prod(edge.meta.shape) > 1 and not _leaf(graph, edge.node)
            }
    return found - {1}


def _leaf(graph: Graph, index: int) -> bool:
    node = graph.nodes[index]
    while node.name in HANDED_ON and edges(node):
        node = graph.nodes[edges(node)[0].node]
    return node.leaf


def kept_rows(graph: Graph, index: int, rows: int) -> bool:
    """Whether there is a way to the loss on which each row stays a row of its own, or several: layers join steps with samples."""
    taken = consumers(graph)
    waiting, met = [index], {index}
    for each in waiting:
        for after in taken[each]:
            sizes = graph.nodes[after].outputs[0].shape
            if math.prod(sizes) == 1:
                return True
            if sizes and sizes[0] % rows == 0 and after not in met:
                met.add(after)
                waiting.append(after)
    return False


def pools_second(graph: Graph, index: int, *, rows: int = 0) -> bool:
    """Whether the second dimension is later pooled or selected away, and the first stays to the loss: so the second was not the samples."""
    taken, sizes = consumers(graph), graph.nodes[index].outputs[0].shape
    rows = rows or (sizes[0] if sizes else 0)
    waiting, met = [index], {index}
    for each in waiting:
        here = graph.nodes[each].outputs[0].shape
        for after in taken[each]:
            there = graph.nodes[after].outputs[0].shape
            if len(here) >= 3 and len(there) == len(here) - 1 and here[0] == rows == there[0] and here[2:] == there[1:] and here[1] != rows:
                return kept_rows(graph, after, rows)
            if after not in met and (len(there) >= 3 or math.prod(there) == math.prod(here)):
                met.add(after)
                waiting.append(after)
    return False

"""Ways through a graph: what hands a value on unchanged, which layer stands before a node, which leaves lie behind it."""

from collections.abc import Iterator, Sequence

from byhand.graph import Edge, Graph, Node

HANDED_ON = frozenset(
    f"{name}Backward0"
    for name in (
        "View UnsafeView ReshapeAlias T Transpose Permute Squeeze Unsqueeze Expand Clone ToCopy Alias Slice Select Index IndexSelect Unbind"
        " Split SplitWithSizes Cat Stack Contiguous AsStrided Repeat Flip Roll Movedim Narrow Diagonal Gather Unfold"
    ).split()
) | {"SqueezeBackward1", "SqueezeBackward2", "SplitBackward0", "UnbindBackwardAutogradNestedTensor0", "ReshapeCopyBackward0"}
"""Nodes whose elements are elements of what came in."""

LINEAR = frozenset(
    f"{name}Backward0"
    for name in "Addmm Mm Bmm Baddbmm Addbmm Addmv Mv Linear Convolution MkldnnConvolution ConvolutionOverrideable".split()
)
"""Nodes that multiply by a matrix or a kernel."""

NORMALIZING = frozenset(
    f"{name}Backward0" for name in "NativeBatchNorm NativeLayerNorm NativeGroupNorm CudnnBatchNorm FusedRmsNorm NativeDropout".split()
)


def edges(node: Node) -> list[Edge]:
    """What a node takes in that needs a gradient."""
    return [edge for edge in node.edges if edge is not None]


def origin(graph: Graph, edge: Edge, names: frozenset[str] = HANDED_ON) -> Node:
    """The node where an input was made, seen through those that hand it on."""
    node = graph.nodes[edge.node]
    while node.name in names and (following := edges(node)):
        node = graph.nodes[following[0].node]
    return node


def weight(graph: Graph, node: Node) -> Node | None:
    """The leaf that a linear node multiplies by, the largest of those that enter it directly; None if none does."""
    found = [each for each in (origin(graph, edge) for edge in edges(node)) if each.leaf]
    return max(found, key=lambda each: len(each.outputs[0].shape), default=None)


def layer(graph: Graph, node: Node) -> Node | None:
    """The linear node whose result goes into a node, through views, a bias, a normalization; None if something else stands before it."""
    following = edges(node)
    while following:
        node = graph.nodes[following[0].node]
        if node.name in LINEAR:
            return node
        if node.name == "AddBackward0":
            following = _without_bias(graph, node)
        elif node.name in HANDED_ON or node.name in NORMALIZING:
            following = edges(node)
        else:
            return None
    return None


def _without_bias(graph: Graph, node: Node) -> list[Edge]:
    """What a bias is added to; nothing if it is another sum."""
    others = [edge for edge in edges(node) if not graph.nodes[edge.node].leaf]
    return others if len(others) == 1 == len(edges(node)) - 1 else []


def behind(graph: Graph, node: Node) -> Iterator[Node]:
    """The nodes that a node leads to, nearest first."""
    waiting, met = [node], {node.index}
    for each in waiting:
        yield each
        for edge in edges(each):
            if edge.node not in met:
                met.add(edge.node)
                waiting.append(graph.nodes[edge.node])


def nearest_leaf(graph: Graph, node: Node) -> Node | None:
    """The leaf that is the fewest nodes away; of several, one with more dimensions: a weight before its bias."""
    steps = {node.index: 0}
    found: list[Node] = []
    for each in behind(graph, node):
        if found and steps[each.index] > steps[found[0].index] + 2:
            break
        if each.leaf:
            found.append(each)
        for edge in edges(each):
            steps.setdefault(edge.node, steps[each.index] + 1)
    return max(found, key=lambda leaf: (len(leaf.outputs[0].shape), -steps[leaf.index]), default=None)


def consumers(graph: Graph) -> Sequence[list[int]]:
    """For each node, the nodes that took its outputs."""
    found: list[list[int]] = [[] for _ in graph.nodes]
    for node in graph.nodes:
        for edge in edges(node):
            found[edge.node].append(node.index)
    return found

"""What a backward pass starts from: a mean over a batch as it is, or something that was scaled."""

from byhand.diagnosis.passing import Passing

MEANS = frozenset({"MeanBackward0", "MeanBackward1"})
LOSSES = (
    "MseLoss",
    "NllLoss",
    "NLLLoss",
    "BinaryCrossEntropy",
    "SmoothL1Loss",
    "HuberLoss",
    "SoftMarginLoss",
    "MultiMargin",
    "MultilabelMargin",
    "CtcLoss",
)
THROUGH = ("Neg", "ToCopy", "Squeeze", "View", "Reshape", "UnsafeView", "Alias", "Sqrt", "Clone", "Unsqueeze")
SUMS = ("Add", "Sub")
MEAN = 1  # the number of the reduction "mean" in PyTorch
DEEP = 12  # nodes from the loss: further in, it is the model


def is_mean(passing: Passing) -> bool:
    """Whether the loss, or one term of it, is a mean that nobody divided or weighed."""
    if len(passing.started.seeds) != 1 or passing.started.seeds[0].numel() != 1 or float(passing.started.seeds[0]) != 1:
        return False
    root = passing.graph.roots[0].node
    return _mean(passing, _unscaled(passing, root), DEEP)


def _unscaled(passing: Passing, index: int) -> int:
    """The node below the factor that a GradScaler put on the loss: it alone is multiplied inside PyTorch, by a tensor of one number."""
    node = passing.graph.nodes[index]
    if node.name != "MulBackward0":
        return index
    number = passing.describe(index).call
    calls = passing.world.calls()
    edges = [edge.node for edge in node.edges if edge is not None]
    return edges[0] if 0 <= number < len(calls) and not calls[number].direct and len(edges) == 1 else index


def _mean(passing: Passing, index: int, deep: int) -> bool:
    node, live = passing.graph.nodes[index], passing.live[index]
    if not deep:
        return False
    if node.name in MEANS:
        return True
    if node.name.startswith(LOSSES):
        return getattr(live, "_saved_reduction", None) == MEAN
    edges = [edge.node for edge in node.edges if edge is not None]
    if node.name.startswith(THROUGH):
        return bool(edges) and _mean(passing, edges[0], deep - 1)
    return node.name.startswith(SUMS) and any(_mean(passing, edge, deep - 1) for edge in edges)

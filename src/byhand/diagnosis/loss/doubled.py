"""Softmax or sigmoid of what is softmax or sigmoid already."""

import math
from collections.abc import Iterator

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.loss import DoubleSoftmax
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import HANDED_ON, consumers, edges
from byhand.findings import Severity
from byhand.graph import Graph, Node, Origin
from byhand.words import plain

_NORMAL = {"SoftmaxBackward0": "softmax", "LogSoftmaxBackward0": "log_softmax", "SafeSoftmaxBackward0": "softmax"}
_BY_HAND = "LogsumexpBackward0"  # scores − logsumexp(scores), as torch.distributions.Categorical has it
_SIGMOID = {"SigmoidBackward0": "sigmoid"}
_LOGISTIC = "BinaryCrossEntropyWithLogitsBackward0"
_CLEAR = HANDED_ON | {"ClampBackward1", "ClampMinBackward0", "NativeDropoutBackward0"}
_LOSSES = frozenset({"NllLossBackward0", "NllLoss2DBackward0"})


class DoubledSoftmax(Family):
    """Looks before every softmax and every loss that takes sigmoid itself."""

    def starting(self, passing: Passing) -> None:
        """Look at the graph of a pass."""
        if not passing.closely:
            return
        taken = None
        for node in passing.graph.nodes:
            if node.name in _NORMAL or node.name in {_LOGISTIC, _BY_HAND} or node.name in _SIGMOID:
                taken = consumers(passing.graph) if taken is None else taken
                takers = {passing.graph.nodes[index].name for index in taken[node.index]}
                self._look(passing, node, takers)

    def _look(self, passing: Passing, node: Node, takers: set[str]) -> None:
        for inner in _sources(passing.graph, node):
            first, second = _called(passing.graph, inner), _second(node, takers)
            if not first or not second or (node.name in _SIGMOID and (first != "sigmoid" or "BinaryCrossEntropyBackward0" not in takers)):
                continue
            if first in _NORMAL.values() and node.name in {*_NORMAL, _BY_HAND} and not _same_dimension(passing, inner, node):
                continue
            self._report(passing, node, inner, first, second)
            return

    def _report(self, passing: Passing, node: Node, inner: Node, first: str, second: str) -> None:
        outer, before = passing.describe(node.index), passing.describe(inner.index)
        name = before.names[0] or plain(before.expression) or first
        line = f" (line {before.origin.line})" if before.origin else ""
        twice = first == "log_softmax" and node.name in {"LogSoftmaxBackward0", _BY_HAND}
        certain = node.name == _LOGISTIC or (node.name not in _SIGMOID and first != "sigmoid")
        self.report(
            DoubleSoftmax.found(
                name,
                outer.origin or passing.origin,
                what=f"{second} gets {name}, which {first} has made already: "
                f"it is applied to {'log-probabilities' if twice else 'probabilities'}, not to scores.",
                why=f"scores → {first}{line} → {second}{_line(outer.origin)} → loss. {_effect(passing, inner, first, twice=twice)}",
                fix=_fix(first, second, line, before.expression),
                severity=Severity.NOTE if twice else Severity.ERROR if certain else Severity.WARNING,
                passes=(passing.number,),
            )
        )


def _line(origin: Origin | None) -> str:
    return f" (line {origin.line})" if origin else ""


def _sources(graph: Graph, node: Node) -> Iterator[Node]:
    """What goes into a node, seen through what hands it on; of what was put together, the first piece."""
    for edge in edges(node)[:1]:
        source = graph.nodes[edge.node]
        while source.name in _CLEAR and edges(source):
            source = graph.nodes[edges(source)[0].node]
        yield source


def _called(graph: Graph, node: Node) -> str:
    """The name of what made probabilities; "" if it is something else."""
    known = _NORMAL.get(node.name) or _SIGMOID.get(node.name, "")
    if known or node.name != "DivBackward0" or len(edges(node)) != 2:
        return known
    part, whole = (graph.nodes[edge.node] for edge in edges(node))
    while whole.name in HANDED_ON and edges(whole):
        whole = graph.nodes[edges(whole)[0].node]
    by_hand = part.name == "ExpBackward0" and whole.name == "SumBackward1" and edges(whole)[0].node == part.index
    return "softmax" if by_hand else ""


def _second(node: Node, takers: set[str]) -> str:
    if node.name == _LOGISTIC:
        return "binary_cross_entropy_with_logits"
    if node.name == "LogSoftmaxBackward0":
        return "cross_entropy" if takers & _LOSSES else "log_softmax"
    if node.name == _BY_HAND:
        return "log_softmax" if "SubBackward0" in takers else ""
    return _NORMAL.get(node.name) or _SIGMOID.get(node.name, "")


def _same_dimension(passing: Passing, inner: Node, outer: Node) -> bool:
    """Whether two softmax are over dimensions of the same size, and of the same place where no view lies between."""
    sizes = [_size(passing, each) for each in (inner, outer)]
    if None in sizes or sizes[0] != sizes[1]:
        return None in sizes
    same_shape = _sizes(inner) == _sizes(outer)
    direct = any(edge.node == inner.index for edge in edges(outer))
    return not (same_shape and direct) or _dim(passing, inner) == _dim(passing, outer)


def _dim(passing: Passing, node: Node) -> int | None:
    dim = getattr(passing.live[node.index], "_saved_dim", None)
    if isinstance(dim, tuple):
        dim = dim[0] if len(dim) == 1 else None
    if dim is None:
        return None
    count = max(len(_sizes(node)), 1)
    return int(dim - (1 << 64) if dim >= 1 << 63 else dim) % count


def _sizes(node: Node) -> tuple[int, ...]:
    """The shape of what a node normalizes."""
    return edges(node)[0].meta.shape if node.name == _BY_HAND else node.outputs[0].shape


def _size(passing: Passing, node: Node) -> int | None:
    dim, sizes = _dim(passing, node), _sizes(node)
    return sizes[dim] if dim is not None and sizes else None


def _effect(passing: Passing, inner: Node, first: str, *, twice: bool) -> str:
    if twice:
        return "log_softmax of log-probabilities gives them back, so no gradient is wrong; it costs time, and reads as a mistake."
    if first == "sigmoid":
        return "Numbers between 0 and 1 as scores stay close together: the loss cannot come near zero, and gradients shrink."
    size = _size(passing, inner)
    best = f" Of {size} classes none can get more than {math.e / (math.e + size - 1):.2g}." if size and size > 1 else ""
    almost = "Probabilities as scores differ by at most 1, so the second softmax makes them almost equal."
    return f"{almost}{best} The loss cannot come near zero, and gradients shrink."


def _fix(first: str, second: str, line: str, expression: str) -> str:
    away = f"Leave out {first}{line}" if not expression else f"Leave out {first} in `{plain(expression)}`{line}"
    instead = {"cross_entropy": "nll_loss of log_softmax", "binary_cross_entropy_with_logits": "binary_cross_entropy"}.get(second)
    other = f"; or keep it and take {instead} as the loss" if instead else ""
    return f"{away} and give {second} the scores{other}."

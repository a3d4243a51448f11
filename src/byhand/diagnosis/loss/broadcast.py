"""Predictions [N, 1] against targets [N]: all pairs instead of N."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.loss import LossBroadcast
from byhand.diagnosis.loss.reaching import becomes_loss
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import consumers, edges, nearest_leaf
from byhand.diagnosis.world import origin_of_call
from byhand.findings import Severity
from byhand.graph import Edge, Node
from byhand.recording.calls import Call, Needing, Seen
from byhand.words import plain, shape

_PAIRING = frozenset(
    f"{name}Backward0"
    for name in "Sub Add Mul Div Maximum Minimum Fmax Fmin Atan2 Hypot Where Pow MseLoss L1Loss SmoothL1Loss HuberLoss Rsub".split()
) | {"PowBackward1", "SmoothL1LossBackward0", "BinaryCrossEntropyBackward0", "ExpandBackward0", "XlogyBackward0"}
_MADE_PAIRS = frozenset({"UnsqueezeBackward0"})


class _Pair(NamedTuple):
    """Two operands with the same elements and different shapes: each its shape, and its edge if it needs a gradient."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    result: tuple[int, ...]
    needed: tuple[Edge, ...]
    other: Any


class Broadcast(Family):
    """Looks at every operation of two tensors on the way to the loss."""

    def starting(self, passing: Passing) -> None:
        """Look for results with more elements than either operand."""
        if not passing.closely or passing.kind != "backward":
            return
        calls: list[Call] | None = None
        taken: Sequence[list[int]] = ()
        for node in passing.graph.nodes:
            if node.name not in _PAIRING or not _grows(node):
                continue
            taken = taken or consumers(passing.graph)
            if not becomes_loss(passing.graph, node, taken):
                continue
            calls = calls if calls is not None else self.world.calls()
            said = passing.describe(node.index)
            if not 0 <= said.call < len(calls):
                continue
            pair = _pair(node, calls[said.call])
            if pair is not None and (_is_loss(calls[said.call]) or not _meant(passing, pair, calls)):
                self._report(passing, node, pair, calls[said.call])

    def _report(self, passing: Passing, node: Node, pair: _Pair, call: Call) -> None:
        side = max(pair.needed, key=lambda edge: len(edge.meta.shape), default=None)
        names = [passing.describe(edge.node) for edge in pair.needed]
        first = next((said.names[edge.output_nr] or said.expression for said, edge in zip(names, pair.needed, strict=True)), "")
        leaf = nearest_leaf(passing.graph, node)
        count, made = math.prod(pair.left), math.prod(pair.result)
        column, row = sorted((pair.left, pair.right), key=len, reverse=True)
        function = getattr(call.function, "__name__", "").strip("_") or "the operation"
        subject = plain(first) or (passing.describe(leaf.index).names[0] if leaf else "") or "the loss"
        where = origin_of_call(call)
        line = f" (line {where.line})" if where else ""
        self.report(
            LossBroadcast.found(
                subject,
                where or passing.origin,
                what=f"{function} takes shapes {shape(pair.left)} and {shape(pair.right)} and gives {shape(pair.result)}: "
                f"{made:,} numbers instead of {count:,}. Every prediction is compared with every target.",
                why=f"{shape(column)} and {shape(row)}{line} → broadcast to {shape(pair.result)} → mean or sum → loss. "
                f"The gradient of each prediction is about all {count:,} targets, so the best it can learn is one value for all.",
                fix=_fix(subject if side is not None and side.meta.shape == column else "", column, row),
                # two results of the model, and no function that takes predictions and targets: all pairs may be meant
                severity=Severity.WARNING if len(pair.needed) > 1 and not _is_loss(call) else None,
                passes=(passing.number,),
            )
        )


def _grows(node: Node) -> bool:
    """Whether the result, or what the loss function made of its inputs, has more elements than an operand that needs a gradient."""
    most = math.prod(node.outputs[0].shape) if node.outputs else 0
    return any(1 < math.prod(edge.meta.shape) < most for edge in edges(node))


def _pair(node: Node, call: Call) -> _Pair | None:
    """The two operands, where they have the same elements in different shapes and the result has more."""
    given = [each for each in [*call.arguments, *(call.keywords or {}).values()] if isinstance(each, Needing | Seen)][:3]
    result = node.outputs[0].shape
    needed = tuple(edges(node))
    shapes: list[tuple[int, ...]] = [edge.meta.shape for edge in needed]
    others = [each for each in given if isinstance(each, Seen) and each.shape is not None and each.shape not in ((), (1,))]
    shapes += [each.shape for each in others if each.shape is not None]
    live = [each.reference() for each in given if isinstance(each, Needing)]
    shapes += [tuple(each.shape) for each in live if isinstance(each, torch.Tensor)]
    for left in shapes[: len(needed)]:
        for right in shapes:
            if left != right and _same_elements(left, right) and math.prod(result) > math.prod(left):
                other = next((each for each in others if each.shape == right), None)
                return _Pair(left, right, result, needed, other)
    return None


def _same_elements(left: Sequence[int], right: Sequence[int]) -> bool:
    """Whether two shapes differ only by dimensions of size 1, and in how many there are."""
    return len(left) != len(right) and math.prod(left) > 1 and [n for n in left if n != 1] == [n for n in right if n != 1]


def _is_loss(call: Call) -> bool:
    """Whether the operation is a loss function, whose operands belong together one by one."""
    return getattr(call.function, "__name__", "").endswith("_loss")


def _meant(passing: Passing, pair: _Pair, calls: Sequence[Call]) -> bool:
    """Whether all pairs are written on purpose, or one side is trained itself: a bias, a table of levels."""
    graph = passing.graph
    made = [graph.nodes[edge.node] for edge in pair.needed]
    if any(node.leaf or node.name in _MADE_PAIRS for node in made):
        return True
    if len(made) == 2 and _source(passing, made[0]) == _source(passing, made[1]):
        return True
    return pair.other is not None and _unsqueezed(pair.other, calls)


def _source(passing: Passing, node: Node) -> int:
    while node.name in {"ViewBackward0", "ReshapeAliasBackward0", "UnsafeViewBackward0", "SqueezeBackward1", "CloneBackward0"}:
        node = passing.graph.nodes[edges(node)[0].node]
    return node.index


def _unsqueezed(seen: Seen, calls: Sequence[Call]) -> bool:
    """Whether a constant got its extra dimension by unsqueeze or an index with None."""
    for call in reversed(calls):
        results = call.results
        if type(results) is tuple and results[0] is seen.reference:
            name = getattr(call.function, "__name__", "")
            return name == "unsqueeze" or (
                name == "__getitem__" and any(None in each if isinstance(each, list) else each is None for each in call.arguments[1:])
            )
    return False


def _fix(prediction: str, column: Sequence[int], row: Sequence[int]) -> str:
    extra = next((place for place, size in enumerate(column) if size == 1 and (place >= len(row) or row[place] != 1)), len(column) - 1)
    place = -1 if extra == len(column) - 1 else extra
    name = plain(prediction) if prediction.isidentifier() else "prediction"
    ways = f"`{name}.squeeze({place})`, or `target.unsqueeze({place})` for the side of shape {shape(row)}"
    return f"Give both the same shape before they meet: {ways}."

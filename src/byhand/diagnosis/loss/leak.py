"""Samples of a batch that are mixed with each other on the way to their own targets."""

import inspect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from operator import mul
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds import loss as kinds
from byhand.diagnosis.loss.reaching import kept_rows, pools_second, samples
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import HANDED_ON, edges
from byhand.diagnosis.world import World, origin_of_call
from byhand.graph import Node, Origin
from byhand.recording.calls import Call, Needing, Seen
from byhand.recording.naming import written
from byhand.words import counted, plain, shape

_ALONG = {
    "SoftmaxBackward0": "softmax",
    "SafeSoftmaxBackward0": "softmax",
    "LogSoftmaxBackward0": "log_softmax",
    "CumsumBackward0": "cumsum",
    "CumprodBackward0": "cumprod",
    "LogcumsumexpBackward0": "logcumsumexp",
}
_SEQUENTIAL = frozenset({"cumsum", "cumprod", "logcumsumexp"})
_VIEWS = frozenset({"ViewBackward0", "ReshapeAliasBackward0", "UnsafeViewBackward0"})
_RESHAPING = frozenset({"view", "reshape"})
_RUNNING = frozenset({"lstm", "gru", "rnn_tanh", "rnn_relu", "multi_head_attention_forward"})


class BatchLeak(Family):
    """Looks for what works along the first dimension, where each row has its own target."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._running_there: set[tuple[Origin | None, str]] = set()

    def starting(self, passing: Passing) -> None:
        """Look at the graph of a pass, and at the calls that it came from."""
        if not passing.closely or passing.kind != "backward":
            return
        rows = samples(passing.graph)
        if not rows:
            return
        for node in passing.graph.nodes:
            if node.name in _ALONG:
                self._along(passing, node, rows)
            elif node.name in _VIEWS:
                self._view(passing, node, rows)
        self._calls(passing, rows)

    def _along(self, passing: Passing, node: Node, rows: set[int]) -> None:
        """A softmax or a running sum over the samples."""
        sizes, function = node.outputs[0].shape, _ALONG[node.name]
        if len(sizes) < 2 or sizes[0] not in rows or _dim(passing, node) or _square(sizes) or _of_weights(passing, node):
            return
        if not kept_rows(passing.graph, node.index, sizes[0]) or (function in _SEQUENTIAL and not pools_second(passing.graph, node.index)):
            return
        said = passing.describe(node.index)
        what = f"{function} runs over dimension 0 of a tensor {shape(sizes)}: over the {sizes[0]:,} samples of the batch"
        self._report(
            passing,
            said.names[0] or plain(said.expression),
            said.origin,
            what,
            f"{function} over dimension 0",
            f"Write `dim=-1` (or the dimension that is meant) in `{plain(said.expression) or function}`.",
        )

    def _view(self, passing: Passing, node: Node, rows: set[int]) -> None:
        """A view that changes places as only a transpose may."""
        before, after = node.edges[0], node.outputs[0].shape
        if before is None or not (count := scrambled(before.meta.shape, after, rows)) or _of_weights(passing, node):
            return
        said = passing.describe(node.index)
        self._scrambled(passing, said.names[0] or plain(said.expression), said.origin, before.meta.shape, after, count)

    def _scrambled(
        self, passing: Passing, subject: str, where: Origin | None, before: Sequence[int], after: Sequence[int], count: int
    ) -> None:
        anew = "it keeps the numbers in their order in memory and only counts them anew"
        what = f"A view makes {shape(after)} of {shape(before)}: {anew}, so the {count:,} samples of the batch are cut up and mixed"
        self._report(
            passing,
            subject,
            where,
            what,
            "a view that cuts the samples up",
            f"Change the places first: write `.transpose(0, 1)` (or `permute`) before `.reshape{shape(after)}`.",
        )

    def _calls(self, passing: Passing, rows: set[int]) -> None:
        """What the graph does not show: views of data, and the layers that run over the first dimension."""
        calls = self.world.calls()
        for call in calls:
            name = getattr(call.function, "__name__", "")
            if name in _RESHAPING and call.code is not None and call.arguments and isinstance(call.arguments[0], Seen):
                self._data_view(passing, call, rows)
            elif name in _RUNNING and call.modules:
                self._running(passing, call, rows)

    def _data_view(self, passing: Passing, call: Call, rows: set[int]) -> None:
        before, after = call.arguments[0].shape, Seen._make(call.results).shape if type(call.results) is tuple else None
        if before and after and (count := scrambled(before, after, rows)):
            place = written(call.code, call.instruction)
            self._scrambled(passing, plain(place.label), place.origin, before, after, count)

    def _running(self, passing: Passing, call: Call, rows: set[int]) -> None:
        """Attention and recurrent layers without `batch_first`."""
        module = call.modules[-1]()
        sizes = _shape(call.arguments[0]) if call.arguments else None
        if (
            module is None
            or getattr(module, "batch_first", True)
            or sizes is None
            or len(sizes) != 3
            or sizes[0] not in rows
            or sizes[1] in {1, sizes[0]}
        ):
            return
        last = max(
            (node for node in passing.graph.nodes if call.start <= node.sequence < call.stop and not node.leaf),
            key=lambda node: node.sequence,
            default=None,
        )
        if last is None or not pools_second(passing.graph, last.index, rows=sizes[0]):
            return
        kind = type(module).__name__
        running = "attends" if isinstance(module, torch.nn.MultiheadAttention) else "runs"
        over = f"it {running} over dimension 0, the {sizes[0]:,} samples of the batch, and takes the {sizes[1]:,} steps for samples"
        what = f"{kind} gets {shape(sizes)} and has batch_first=False: {over}"
        name = next((path for path in _paths(passing, call)), kind)
        if (place := (origin_of_call(call), kind)) in self._running_there:
            return
        self._running_there.add(place)
        self._report(
            passing,
            name,
            place[0],
            what,
            f"{kind} over dimension 0",
            f"Give `batch_first=True` to `nn.{_asked(call) or kind}` where it is made, or give it `x.transpose(0, 1)` and change the "
            "places back after it.",
        )

    def _report(self, passing: Passing, subject: str, where: Origin | None, what: str, through: str, fix: str) -> None:
        line = f" (line {where.line})" if where else ""
        self.report(
            kinds.BatchLeak.found(
                subject,
                where or passing.origin,
                what=f"{what}. Each of them has its own target in the loss.",
                why=f"sample i → {through}{line} → every other sample's prediction → loss: the gradient of one sample's loss "
                "reaches the others' inputs, and a prediction depends on who else is in the batch.",
                fix=fix,
                passes=(passing.number,),
            )
        )


def scrambled(before: Sequence[int], after: Sequence[int], rows: set[int]) -> int:
    """The number of samples that a view takes apart: they stand first, and afterwards second, or the other way round; 0 if it does not."""
    if len(before) < 2 or len(after) < 2 or before[0] == after[0] or min(before[0], after[0]) < 2:
        return 0
    if before[0] in accumulate(after, mul) or after[0] in accumulate(before, mul):
        return 0  # the first dimension is only divided, or joined with those behind it
    if before[0] in rows and after[1] == before[0] and before[1] == after[0]:
        return before[0]
    if after[0] in rows and before[1] == after[0]:
        return after[0]
    return 0


def _dim(passing: Passing, node: Node) -> int:
    dim = int(getattr(passing.live[node.index], "_saved_dim", -1))
    return (dim - (1 << 64) if dim >= 1 << 63 else dim) % len(node.outputs[0].shape)


def _square(sizes: Sequence[int]) -> bool:
    """Whether it may be a matrix of all samples with all samples."""
    return sizes[0] in sizes[1:]


def _of_weights(passing: Passing, node: Node) -> bool:
    """Whether a value is a weight itself, seen from another side."""
    while needed := edges(node):
        node = passing.graph.nodes[needed[0].node]
        if node.leaf:
            return True
        if node.name not in HANDED_ON and node.name not in {"MulBackward0", "DivBackward0", "ExpBackward0"}:
            return False
    return node.leaf


def _shape(argument: Any) -> tuple[int, ...] | None:
    if isinstance(argument, Seen):
        return argument.shape
    tensor = argument.reference() if isinstance(argument, Needing) else None
    return None if tensor is None else tuple(tensor.shape)


def _asked(call: Call) -> str:
    """The outermost of PyTorch's own modules around a call that is told `batch_first` when it is made; "" if there is none."""
    kinds = [type(module) for module in (each() for each in call.modules) if module is not None]
    own = [kind for kind in kinds if kind.__module__.startswith("torch.nn.")]
    return next((kind.__name__ for kind in own if "batch_first" in inspect.signature(kind.__init__).parameters), "")


def _paths(passing: Passing, call: Call) -> Iterator[str]:
    """The user's name of the module that made a call."""
    for variable, model in passing.world.models:
        path = model.path(call.modules[-1])
        if path is not None:
            yield path or variable or counted(1, "module")

"""A graph judged without PyTorch's engine: each of its nodes is asked directly, so no hook fires and no `.grad` changes."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from byhand.errors import Unreadable
from byhand.graph import Graph
from byhand.judged import Judged
from byhand.judging import Judge
from byhand.recording.direct import run_node
from byhand.recording.engine import Observer
from byhand.recording.saved import Saved


def judge_directly(
    graph: Graph,
    live: Sequence[Any],
    seeds: Sequence[torch.Tensor],
    *,
    identify: Callable[[torch.Tensor], str],
    told: Callable[[int], None],
    keep: frozenset[tuple[int, int]] = frozenset(),
    also: Observer | None = None,
) -> Judged:
    """Everything found out about the pass that backward would make. `told` hears of each node's index, `also` of what it did.

    PyTorch's gradients of the places in `keep` are kept whole. Ctrl-C ends it early, and what was found out by then is told.

    Raises GraphFreed or ModifiedInPlace where a value that backward needs is gone.
    """
    judge = Judge(graph, seeds, source="direct", identify=identify, keep=keep)
    try:
        _judge_all(judge, graph, live, told, also)
    except KeyboardInterrupt:
        judge.interrupted()
    return judge.settle()


def _judge_all(judge: Judge, graph: Graph, live: Sequence[Any], told: Callable[[int], None], also: Observer | None) -> None:
    for node, handle in zip(graph.nodes, live, strict=True):
        told(node.index)
        grads = [judge.flow.received(node.index, output_nr) for output_nr in range(len(node.outputs))]
        if node.leaf:
            judge.leaf(node.index, grads[0])
            if also is not None:
                also.leaf(node.index, grads[0])
        elif judge.flow.unknown(node):
            judge.not_run(node, judge.flow.unknown(node))
        elif any(grad is not None for grad in grads):
            try:
                theirs = run_node(node, handle, grads)
            except Unreadable as problem:
                judge.not_run(node, problem.why)
            else:
                if also is not None:
                    also.node(node.index, grads, theirs, Saved(handle))
                judge.node(node.index, grads, theirs, Saved(handle))

"""The operations of a node's own forward, run again and differentiated by our rules."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch

from byhand.chain_rule import Operands, accumulate, as_is, contribute
from byhand.errors import Unreadable
from byhand.graph import Edge, Node
from byhand.opinions.opinion import Given, Grads, Opinion
from byhand.recording.rerun import OVERWRITTEN, Wider, run_again, verify
from byhand.recording.saved import Saved
from byhand.recording.tape import Tape
from byhand.recording.walk import read_graph

_HALF = (torch.float16, torch.bfloat16)
UNCONFIRMED = "its forward was called once more; if that depends on anything that has changed since, only a recording is right"
OPAQUE_CALLS = "its forward leaves PyTorch"


def by_operations(node: Node, tape: Tape, grads: Grads) -> Opinion:
    """Each edge by the chain rule over the operations that the forward was made of.

    Raises Unreadable where the forward cannot be repeated, NoRule where one of its operations has no rule.
    """
    if tape.leaks:
        raise Unreadable(tape.name, "", f"{OPAQUE_CALLS} (it calls .{tape.leaks[0]}())")
    with torch.no_grad():
        verify(tape, run_again(tape, _values(tape), Wider(None)))
        half = any(kept.dtype in _HALF for kept in tape.inputs)
        work = partial(_work, node, tape, torch.float32 if half else None)
        try:
            given = work(grads, as_is)
        except Unreadable:
            if not half:
                raise
            work = partial(_work, node, tape, None)
            given = work(grads, as_is)
    notes = {} if tape.confirmed else dict.fromkeys(range(len(node.edges)), UNCONFIRMED)
    shifted = partial(_shifted, node, tape, grads)
    return Opinion("operations", given, work, shifted=shifted, notes=notes, overwritten=tape.overwritten)


def _values(tape: Tape) -> list[torch.Tensor]:
    found = [kept.value() for kept in tape.inputs]
    if any(value is None for value in found):
        raise Unreadable(tape.name, "", OVERWRITTEN)
    return [value for value in found if value is not None]


def _shifted(node: Node, tape: Tape, grads: Grads, shift: Callable[[torch.Tensor], torch.Tensor]) -> Given:
    """What the edges are sent with every input moved."""
    values = [shift(value) if value.is_floating_point() or value.is_complex() else value for value in _values(tape)]
    return _through(node, tape, values, [grad if grad is None else grad.double() for grad in grads], Wider(torch.float64))


def _work(node: Node, tape: Tape, wide: torch.dtype | None, grads: Grads, change: Callable[[Any], Any]) -> Given:
    moved = getattr(change, "alike", change)  # equal elements stay equal where a tie was broken: rounding does not do that
    values = [moved(value) if value.is_floating_point() or value.is_complex() else value for value in _values(tape)]
    wider = Wider(wide if change is as_is else torch.float64)
    return _through(node, tape, values, [grad if grad is None else change(grad) for grad in grads], wider)


def _through(node: Node, tape: Tape, values: Sequence[torch.Tensor], grads: Grads, wider: Wider) -> Given:
    inputs = [wider.tensor(value).detach() for value in values]
    edges = {number: edge for number, edge in enumerate(node.edges) if edge is not None}
    for number, edge in zip(tape.wanted, edges.values(), strict=True):
        inputs[number] = as_taken(inputs[number], edge).requires_grad_()
    outputs = run_again(tape, inputs, wider)
    upstream = [None if grad is None else grad.to(output.dtype) for grad, output in zip(grads, outputs, strict=True)]
    found = derive(outputs, [inputs[number] for number in tape.wanted], upstream)
    return dict(zip(edges, found, strict=True))


def as_taken(value: torch.Tensor, edge: Edge) -> torch.Tensor:
    """The value in the shape of its edge: PyTorch expands what is written into a view, and drops leading dimensions of one element."""
    if tuple(value.shape) == edge.meta.shape:
        return value
    return value.reshape(edge.meta.shape) if value.numel() == torch.Size(edge.meta.shape).numel() else value.expand(edge.meta.shape)


def derive(outputs: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor], grads: Grads) -> list[torch.Tensor | None]:
    """The gradients at the inputs for these at the outputs, by our rules at every node between them. Raises NoRule."""
    roots = [(output, grad) for output, grad in zip(outputs, grads, strict=True) if output.requires_grad and grad is not None]
    if not roots:
        return [None for _ in inputs]
    graph, live = read_graph([output for output, _ in roots])
    sent: dict[tuple[int, int], torch.Tensor] = {}
    for root, (_, grad) in zip(graph.roots, roots, strict=True):
        place = (root.node, root.output_nr)
        sent[place] = accumulate(sent.get(place), grad)
    arrived: dict[torch.Tensor, torch.Tensor | None] = {}
    for node, handle in zip(graph.nodes, live, strict=True):
        received = [sent.pop((node.index, number), None) for number in range(len(node.outputs))]
        if node.leaf:
            arrived[handle.variable] = received[0]
        elif any(grad is not None for grad in received):
            _pass_on(node, Operands(node, received, Saved(handle)), sent)
    return [arrived.get(leaf) for leaf in inputs]


def _pass_on(node: Node, operands: Operands, sent: dict[tuple[int, int], torch.Tensor]) -> None:
    for number, edge in enumerate(node.edges):
        if edge is not None:
            to = (edge.node, edge.output_nr)
            sent[to] = accumulate(sent.get(to), contribute(node, number, operands).received)

"""PyTorch's own derivative of one node, asked for directly: no engine, no hook, nothing freed."""

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction

from byhand.errors import Unreadable
from byhand.graph import Node
from byhand.recording.functions import after, held
from byhand.recording.modules import here
from byhand.recording.saved import CHECKPOINTED, packed, recognised


def run_node(node: Node, live: Any, grads: Sequence[torch.Tensor | None]) -> tuple[torch.Tensor | None, ...]:
    """What PyTorch's node sends to each of its edges, not yet summed over broadcast dimensions or cast.

    A custom Function's `backward` is called once, with zeros for outputs without gradient, as the engine does. Raises GraphFreed and
    ModifiedInPlace where PyTorch refuses, Unreadable where running the node would change the program, or cannot be done.
    """
    reason = CHECKPOINTED if hasattr(live, "run_function") else packed(live)
    if reason:
        raise Unreadable(node.name, "", reason)
    try:
        return _of_function(node, live, grads) if isinstance(live, BackwardCFunction) else _tuple(live(*grads))
    except Exception as problem:
        refusal = recognised(problem, node.name, "")
        raise refusal or Unreadable(node.name, "", f"it could not be run by itself: {_line(problem)}") from None


def _of_function(node: Node, live: Any, grads: Sequence[torch.Tensor | None]) -> tuple[torch.Tensor | None, ...]:
    filled = [
        torch.zeros(meta.shape, dtype=meta.dtype, device=meta.device) if grad is None else grad
        for grad, meta in zip(grads, node.outputs, strict=True)
    ]
    kept, untouched = held(live, filled), [grad.clone() for grad in filled]
    with torch.random.fork_rng(devices={grad.device for grad in filled if grad.is_cuda}):
        given = _tuple(live.apply(*filled))
    here.ran = after(live, kept, given)
    for grad, before in zip(filled, untouched, strict=True):
        if grad._version and here.ran.overwritten:
            grad.copy_(before)
    if len(given) == len(node.edges):
        return given
    wanted = iter(value for value, needed in zip(given, live.needs_input_grad, strict=False) if needed)
    return tuple(None if edge is None else next(wanted, None) for edge in node.edges)


def _line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}".splitlines()[0]


def _tuple(given: Any) -> tuple[torch.Tensor | None, ...]:
    return given if isinstance(given, tuple) else (given,)

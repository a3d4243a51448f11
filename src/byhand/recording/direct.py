"""PyTorch's own derivative of one node, asked for directly: no engine, no hook, nothing freed."""

from collections.abc import Sequence
from typing import Any

import torch

from byhand.graph import Node
from byhand.recording.saved import recognised


def run_node(node: Node, live: Any, grads: Sequence[torch.Tensor | None]) -> tuple[torch.Tensor | None, ...]:
    """What PyTorch's node sends to each of its edges, not yet summed over broadcast dimensions or cast.

    Raises GraphFreed and ModifiedInPlace where PyTorch refuses. A custom Function's `backward` is called once, with zeros for outputs without gradient, as the engine does.
    """
    if not isinstance(live, torch.autograd.function.BackwardCFunction):
        try:
            return _tuple(live(*grads))
        except RuntimeError as problem:
            raise recognised(problem, node.name, "") or problem from None
    filled = [
        torch.zeros(meta.shape, dtype=meta.dtype, device=meta.device) if grad is None else grad
        for grad, meta in zip(grads, node.outputs, strict=True)
    ]
    given = _tuple(live.apply(*filled))
    if len(given) == len(node.edges):
        return given
    wanted = iter(value for value, needed in zip(given, live.needs_input_grad, strict=False) if needed)
    return tuple(None if edge is None else next(wanted, None) for edge in node.edges)


def _tuple(given: Any) -> tuple[torch.Tensor | None, ...]:
    return given if isinstance(given, tuple) else (given,)

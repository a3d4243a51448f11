"""PyTorch's own backward, watched: hooks on its nodes while it runs, all taken off again when it ends."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.autograd.graph import GradientEdge
from torch.utils._python_dispatch import _disable_current_modes

from byhand.graph import Graph
from byhand.recording.modules import here
from byhand.recording.saved import Saved
from byhand.recording.walk import gradient_node, read_graph

_original = torch.autograd._engine_run_backward
_installed = 0
_lock = threading.Lock()


class Observer(Protocol):
    """Who is told what the engine does; called inside PyTorch's backward, so it must be quick and must not raise."""

    def node(self, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """A node ran."""

    def leaf(self, index: int, grad: Any) -> None:
        """A leaf's gradient is complete."""

    def stopped(self, index: int, output_nr: int, grad: Any) -> None:
        """The gradient of a place that was asked for, whose node did not run."""


@dataclass(frozen=True, slots=True)
class Started:
    """A backward pass about to run: its graph, PyTorch's own nodes in the same order, the tensors and gradients it starts from."""

    graph: Graph
    live: Sequence[Any]
    roots: tuple[Any, ...]
    seeds: tuple[torch.Tensor, ...]
    kind: str
    partial: bool


@contextmanager
def unnoticed() -> Iterator[None]:
    """Inside, nothing the user's program has switched on sees our arithmetic: no graph, no modes, no autocast."""
    with torch._C.DisableTorchFunction(), torch.no_grad(), _disable_current_modes():
        if torch.is_autocast_enabled() or torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
                yield
        else:
            yield


def install() -> None:
    """Let `here.listeners` see every backward pass from here on, until `uninstall` has been called as often."""
    global _installed
    with _lock:
        _installed += 1
        torch.autograd._engine_run_backward = _run


def uninstall() -> None:
    """Undo one `install`; the last one puts PyTorch's own function back."""
    global _installed
    with _lock:
        _installed -= 1
        if not _installed:
            torch.autograd._engine_run_backward = _original


def _run(outputs: Sequence[Any], *arguments: Any, **options: Any) -> Any:
    listeners = list(here.listeners)
    if not listeners or here.backward:
        return _original(outputs, *arguments, **options)
    started = _read(outputs, arguments, options)
    watched = [(listener, listener.backward_started(started)) for listener in listeners] if started else []
    handles: list[Any] = []
    here.backward = True
    try:
        for _, observer in watched:
            if observer is not None:
                handles += _attach(started, observer)
        result = _original(outputs, *arguments, **options)
        for _, observer in watched:
            if observer is not None:
                _tell_results(started, observer, arguments[3] if len(arguments) > 3 else (), result)
        return result
    finally:
        here.backward = False
        for handle in handles:
            handle.remove()
        for listener, observer in watched:
            listener.backward_ended(observer)


def _read(outputs: Sequence[Any], arguments: Sequence[Any], options: dict[str, Any]) -> Started | None:
    """What is about to run; None where it cannot be read: gradients batched by vmap, or what PyTorch is going to refuse itself."""
    if not all((torch.is_tensor(output) and output.requires_grad) or isinstance(output, GradientEdge) for output in outputs):
        return None
    seeds = arguments[0] if arguments else ()
    if any(torch._C._functorch.is_functorch_wrapped_tensor(seed) for seed in seeds if isinstance(seed, torch.Tensor)):
        return None
    with unnoticed():
        graph, live = read_graph(outputs)
        filled = tuple(
            torch.ones(meta.shape, dtype=meta.dtype, device=meta.device) if seed is None else seed.detach()
            for seed, meta in (
                (seed, graph.nodes[root.node].outputs[root.output_nr]) for seed, root in zip(seeds, graph.roots, strict=True)
            )
        )
    inputs = arguments[3] if len(arguments) > 3 else ()
    kind = "backward" if options.get("accumulate_grad") else "grad"
    return Started(graph, live, tuple(outputs), filled, kind, bool(inputs))


def _attach(started: Started, observer: Observer) -> list[Any]:
    handles = []
    for node, live in zip(started.graph.nodes, started.live, strict=True):
        if node.leaf:
            handles.append(live.register_prehook(_leaf_hook(observer, node.index)))
        else:
            handles.append(live.register_hook(_node_hook(observer, node.index, live)))
    return handles


def _leaf_hook(observer: Observer, index: int) -> Callable[[Any], None]:
    def hook(grads: Any) -> None:
        with unnoticed():
            observer.leaf(index, grads[0])

    return hook


def _node_hook(observer: Observer, index: int, live: Any) -> Callable[[Any, Any], None]:
    saved = Saved(live)

    def hook(theirs: Any, grads: Any) -> None:
        with unnoticed():
            observer.node(index, grads, theirs, saved)

    return hook


def _tell_results(started: Started, observer: Observer, inputs: Sequence[Any], result: Any) -> None:
    """Places that were asked for by name: their gradient is a result, their node did not run."""
    position = {node: index for index, node in enumerate(started.live)}
    with unnoticed():
        for asked, grad in zip(inputs, result or [None] * len(inputs), strict=False):
            node, output_nr = gradient_node(asked)
            if node in position and grad is not None:
                observer.stopped(position[node], output_nr, grad)

"""PyTorch's own backward, watched: hooks on its nodes while it runs, all taken off again when it ends."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch.autograd.graph import GradientEdge
from torch.utils._python_dispatch import _disable_current_modes

from byhand.collector import uncollected
from byhand.graph import Graph
from byhand.recording.modules import here
from byhand.recording.patch import Patch
from byhand.recording.saved import Saved
from byhand.recording.walk import gradient_node, read_graph


class Observer(Protocol):
    """Who is told what the engine does; called inside PyTorch's backward, so it must be quick and must not raise."""

    def node(self, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """A node ran."""

    def leaf(self, index: int, grad: Any) -> None:
        """A leaf's gradient is complete."""

    def stopped(self, index: int, output_nr: int, grad: Any) -> None:
        """The gradient of a place that was asked for, whose node did not run."""

    def interrupted(self) -> None:
        """Somebody broke the pass off."""


@dataclass(frozen=True, slots=True)
class Started:
    """A backward pass about to run: its graph, PyTorch's own nodes in the same order, the tensors and gradients it starts from.

    `create_graph` says that the program wants gradients that can be differentiated once more; `asked` is what it wants the gradients of,
    where it says so.
    """

    graph: Graph
    live: Sequence[Any]
    roots: tuple[Any, ...]
    seeds: tuple[torch.Tensor, ...]
    kind: str
    partial: bool
    create_graph: bool = False
    asked: tuple[Any, ...] = ()


traced = torch._C._is_tracing
"""Whether `torch.jit.trace` is at work: it would write our reading of a value into the user's graph."""


@contextmanager
def unnoticed() -> Iterator[None]:
    """Inside, nothing the user's program has switched on sees our arithmetic: no graph, no modes, no autocast."""
    with torch._C.DisableTorchFunction(), torch.no_grad(), _disable_current_modes():
        if torch.is_autocast_enabled() or torch.is_autocast_enabled("cpu"):
            with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
                yield
        else:
            yield


def _quiet() -> bool:
    """Whether nothing is switched on that could see our arithmetic, torch functions aside: as it is inside most backward passes."""
    return not (torch.is_grad_enabled() or torch._C._len_torch_dispatch_stack() or torch._C._is_any_autocast_enabled())


class _Elsewhere:
    """How many passes ran while somebody recorded, in threads that nobody recorded."""

    def __init__(self) -> None:
        self.count = 0


elsewhere = _Elsewhere()


def _run(outputs: Sequence[Any], *arguments: Any, **options: Any) -> Any:
    if not here.listeners or here.backward:
        elsewhere.count += not here.listeners
        return backward.original(outputs, *arguments, **options)
    for listener in here.listeners:
        listener.backward_called()
    listeners = [listener for listener in here.listeners if listener.watches]
    if not listeners:
        return backward.original(outputs, *arguments, **options)
    watches = [Watch(listener, last=number == 0) for number, listener in enumerate(listeners)]
    here.backward = True
    with uncollected():
        try:
            for watch in watches:
                watch.begin(outputs, arguments, options)
            result = backward.original(outputs, *arguments, **options)
            for watch in watches:
                watch.tell_results(arguments[3] if len(arguments) > 3 else (), result)
        except BaseException as problem:
            for watch in watches:
                watch.broke(problem)
            raise
        finally:
            here.backward = False
            here.unpacked.clear()
            here.ran = None
            while watches:
                watches.pop().end()
    for listener in listeners:
        listener.backward_over()
    return result


backward = Patch(torch.autograd, "_engine_run_backward", _run)
"""Every backward pass is seen while this is in place."""


def _read(outputs: Sequence[Any], arguments: Sequence[Any], options: dict[str, Any]) -> Started | None:
    """What is about to run; None where it cannot be read: what PyTorch is going to refuse itself."""
    if not all((torch.is_tensor(output) and output.requires_grad) or isinstance(output, GradientEdge) for output in outputs):
        return None
    seeds = arguments[0] if arguments else ()
    graph, live = read_graph(outputs)
    filled = tuple(
        torch.ones(meta.shape, dtype=meta.dtype, device=meta.device) if seed is None else seed.detach()
        for seed, meta in ((seed, graph.nodes[root.node].outputs[root.output_nr]) for seed, root in zip(seeds, graph.roots, strict=True))
    )
    inputs = arguments[3] if len(arguments) > 3 else ()
    kind = "backward" if options.get("accumulate_grad") else "grad"
    create_graph = len(arguments) > 2 and bool(arguments[2])
    return Started(graph, live, tuple(outputs), filled, kind, bool(inputs), create_graph, tuple(inputs))


def _batched(arguments: Sequence[Any]) -> bool:
    return any(is_batched(seed) for seed in (arguments[0] if arguments else ()) if isinstance(seed, torch.Tensor))


def is_batched(tensor: torch.Tensor) -> bool:
    """Whether a tensor is one of functorch's, or of `torch.autograd.grad(is_grads_batched=True)`: it stands for many."""
    return torch._C._functorch.is_functorch_wrapped_tensor(tensor) or torch._C._functorch.is_legacy_batchedtensor(tensor)


class Watch:
    """One listener's eyes on one pass. What goes wrong in our own work is told to the listener, and never reaches the user's backward."""

    def __init__(self, listener: Any, *, last: bool) -> None:
        self._listener = listener
        self._last = last  # its hooks run after those of other recordings: each later one goes before them
        self._started: Started | None = None
        self._observer: Observer | None = None
        self._handles: list[Any] = []
        self._pass: int | None = None
        self._problem: BaseException | None = None

    def begin(self, outputs: Sequence[Any], arguments: Sequence[Any], options: dict[str, Any]) -> None:
        """Put hooks on the nodes of the pass that is about to run."""
        if _batched(arguments):
            self._listener.passed_over += 1
            return
        self._started = self._safely(_read, outputs, arguments, options)
        if self._started is not None:
            self._observer = self._safely(self._listener.backward_started, self._started)
        if self._observer is not None:
            self._safely(self._attach, self._started, self._observer)

    def broke(self, problem: BaseException) -> None:
        """Say that the pass was broken off, by PyTorch or by somebody at the keyboard."""
        self._problem = problem
        if self._observer is not None and isinstance(problem, KeyboardInterrupt):
            self._observer.interrupted()

    def end(self) -> None:
        """Take the hooks off again."""
        for handle in self._handles:
            handle.remove()
        if self._started is not None:
            self._safely(self._listener.backward_ended, self._observer, self._problem)
        self._problem = None

    def tell_results(self, inputs: Sequence[Any], result: Any) -> None:
        """Places that were asked for by name: their gradient is a result, their node did not run."""
        if self._observer is not None and inputs:
            self._safely(self._tell_results, self._started, self._observer, inputs, result or [None] * len(inputs))

    def _safely(self, work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            with torch._C.DisableTorchFunction() if _quiet() else unnoticed():
                return work(*arguments)
        except Exception as problem:
            self._listener.failed(problem)
            return None

    def _tell_results(self, started: Started, observer: Observer, inputs: Sequence[Any], result: Sequence[Any]) -> None:
        position = {node: index for index, node in enumerate(started.live)}
        leaves = {started.live[node.index].variable: node.index for node in started.graph.nodes if node.leaf}
        for asked, grad in zip(inputs, result, strict=False):
            if isinstance(asked, torch.Tensor) and asked.grad_fn is None:
                index, output_nr = leaves.get(asked), 0
            else:
                node, output_nr = gradient_node(asked)
                index = position.get(node)
            if index is not None and grad is not None:
                observer.stopped(index, output_nr, grad)

    def _attach(self, started: Started, observer: Observer) -> None:
        for root in started.graph.roots:
            self._handles.append(started.live[root.node].register_prehook(lambda grads: self._begun()))
        for node, live in zip(started.graph.nodes, started.live, strict=True):
            if node.leaf:
                self._handles.append(live.register_prehook(self._leaf_hook(observer, node.index)))
            else:
                self._handles.append(_first(live.register_hook(self._node_hook(observer, node.index, live))))

    def _begun(self) -> None:
        self._ours()

    def _ours(self) -> bool:
        """Whether the engine runs this pass, and not another one that was started inside it and shares nodes with it."""
        running = torch._C._current_graph_task_id()
        if self._pass is None:
            self._pass = running
        return self._pass == running

    def _leaf_hook(self, observer: Observer, index: int) -> Callable[[Any], None]:
        def hook(grads: Any) -> None:
            if self._ours():
                self._safely(observer.leaf, index, grads[0])

        return hook

    def _node_hook(self, observer: Observer, index: int, live: Any) -> Callable[[Any, Any], None]:
        saved = Saved(live)

        def hook(theirs: Any, grads: Any) -> None:
            if self._ours():
                ran = here.ran
                before = ran.grads if ran is not None and ran.node is live and ran.overwritten else grads
                self._safely(observer.node, index, before if len(before) == len(grads) else grads, theirs, saved)
                if self._last:
                    here.unpacked.clear()
                    here.ran = None

        return hook


def _first(handle: Any) -> Any:
    """The hook before those of the user, so that it sees what PyTorch's node gave and not what a hook made of it."""
    hooks = handle.hooks_dict_ref()
    for other in [key for key in hooks if key != handle.id]:
        hooks[other] = hooks.pop(other)
    return handle

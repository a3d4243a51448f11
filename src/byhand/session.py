"""Connects a recording with the judge: what happens when a backward pass of the user's program starts and ends."""

import weakref
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, cast

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from byhand.assembly import assemble
from byhand.chain_rule import SavedValues
from byhand.judging import Judge
from byhand.progress import named, progress
from byhand.recording.declared import functions
from byhand.recording.describe import Describer
from byhand.recording.engine import Started
from byhand.recording.later import LARGEST
from byhand.recording.recorder import Recorder
from byhand.recording.scope import Variables
from byhand.recording.summary import summarize
from byhand.replay import replay
from byhand.results import Pass, SecondDerivatives
from byhand.second import Seconded, counted, marked, second_in_pass
from byhand.value import Missing, Shown

TAUGHT = 1 << 14  # elements of all values together; in runs this small, what was not noted is worked out again


class Watched(Judge):
    """A judge at work inside the user's backward, and what is needed to tell its pass afterwards."""

    def __init__(self, started: Started, describer: Describer, roots: tuple[Any, ...]) -> None:
        super().__init__(started.graph, started.seeds, source="engine", partial=started.partial, identify=describer.name_of)
        self.started = started
        self.names = describer.names()
        said = [describer.describe(node) for node in started.graph.nodes]
        self.descriptions = replay(started.graph, started.live, said, describer.variable_at, most=TAUGHT)
        self._stored: dict[int, tuple[StorageWeakRef, int, Shown]] = {}
        self.roots = roots
        self.functions = functions(started.graph, started.live)
        self._known = set(started.live) if started.create_graph else set()
        self._seconds: list[Seconded] = []
        self._shown = ExitStack()
        self._tell = self._shown.enter_context(progress(len(started.graph.nodes), named(self.descriptions, started.graph.nodes)))
        self.before = {node.index: self._leaf_grad(node.index) for node in started.graph.nodes if node.leaf}

    def node(self, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: SavedValues) -> None:
        """One node ran: judge it, and say how far this is, if it takes long."""
        super().node(index, grads, theirs, saved)
        if self.started.create_graph and index in self.functions:
            self._second(index, grads, theirs)
        self._tell(index)

    def _second(self, index: int, grads: Sequence[Any], theirs: Sequence[Any]) -> None:
        """The program wants second derivatives: those of custom Functions are judged here, all others in the pass that works them."""
        live = self.started.live
        found = second_in_pass(self.started.graph.nodes[index], live, grads, theirs, self._known.__contains__)
        self.found.contributions[index] = marked(self.found.contributions.get(index, ()), found)
        self._seconds.append(found)

    def leaf(self, index: int, grad: torch.Tensor | None) -> None:
        """A leaf's gradient is complete; where PyTorch makes this very tensor its `.grad`, it need not be summed up again."""
        whole = grad is not None and grad.numel() > LARGEST and grad is self.flow.received(index)
        super().leaf(index, grad)
        self._tell(index)
        if grad is not None and whole:
            self._stored[index] = (StorageWeakRef(grad.untyped_storage()), grad._version, self.found.arrived[index, 0].by_torch)

    def _leaf_grad(self, index: int) -> Shown:
        grad = self.started.live[index].variable.grad
        storage, version, value = self._stored.get(index, (None, 0, Missing.NOT_RECORDED))
        if grad is not None and storage is not None and grad._version == version and storage.cdata == grad.untyped_storage()._cdata:
            return value
        return self.flow.told(grad)

    def ended(self, number: int) -> Callable[[], Pass]:
        """What puts the pass together, as far as it got; plain data is all that it holds."""
        self._shown.close()
        second = counted(self.started.graph, self._seconds) if self._seconds else None
        grads = {index: (before, self._leaf_grad(index)) for index, before in self.before.items()}
        return partial(
            _assembled,
            self.started.graph,
            self.descriptions,
            self.settle(),
            kind=self.started.kind,
            source="engine",
            grads=grads,
            names=self.names,
            functions=self.functions,
            partial=self.started.partial,
            number=number,
            second=second,
        )


def _assembled(*arguments: Any, number: int, second: SecondDerivatives | None, **options: Any) -> Pass:
    return replace(assemble(*arguments, **options), number=number, second=second)


class Known:
    """A finished pass, put together when somebody asks for it, and weak references to the tensors it started from."""

    def __init__(self, assembled: Callable[[], Pass], roots: tuple[Any, ...]) -> None:
        self._assembled: Callable[[], Pass] | None = assembled
        self._made: Pass | None = None
        self.roots = roots

    @property
    def made(self) -> Pass:
        """The pass."""
        if self._made is None and self._assembled is not None:
            self._made, self._assembled = self._assembled(), None
        return cast(Pass, self._made)


class Session:
    """The passes of one recording. `keep` is how many of the latest are kept, None for all."""

    def __init__(self, *, judge: bool, keep: int | None) -> None:
        self.known: list[Known] = []
        self.count = 0
        self.judge = judge
        self._keep = keep
        self.recorder = Recorder(self, values=judge)

    def counted(self) -> None:
        """One more pass."""
        self.count += 1

    def started(self, started: Started, recorder: Recorder, variables: Variables) -> Watched:
        """A pass is about to run: describe its nodes while their values are what they were."""
        describer = describer_of(started.graph, started.live, recorder, variables)
        roots = tuple(weakref.ref(root) for root in started.roots if isinstance(root, torch.Tensor))
        return Watched(started, describer, roots)

    def ended(self, observer: Any) -> None:
        """The pass is over, whole or broken off."""
        if isinstance(observer, Watched):
            self.known.append(Known(observer.ended(self.count), observer.roots))
        if self._keep is not None:
            del self.known[: -self._keep]

    def pass_of(self, tensor: torch.Tensor) -> Pass | None:
        """The latest pass that started from this tensor."""
        for known in reversed(self.known):
            if any(reference() is tensor for reference in known.roots):
                return replace(known.made, total=self.count)
        return None


def describer_of(graph: Any, live: Sequence[Any], recorder: Recorder | None, variables: Variables) -> Describer:
    """Who knows the user's names for the nodes of a graph: from the recording if there is one, and the variables alive now."""
    return Describer(graph, list(live), recorder.calls() if recorder else [], variables, recorder.models if recorder else [])


def leaf_grad(live: Any) -> Shown:
    """The `.grad` of a leaf at this moment."""
    grad = live.variable.grad
    return Missing.NO_GRADIENT if grad is None else summarize(grad)

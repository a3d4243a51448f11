"""Connects a recording with the judge: what happens when a backward pass of the user's program starts and ends."""

import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import torch

from byhand.assembly import assemble
from byhand.chain_rule import SavedValues
from byhand.judging import Judge
from byhand.progress import progress
from byhand.recording.describe import Describer
from byhand.recording.engine import Started
from byhand.recording.recorder import Recorder
from byhand.recording.scope import Variables
from byhand.recording.summary import summarize
from byhand.replay import replay
from byhand.results import Pass
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
        self.roots = roots
        self._shown = ExitStack()
        self._tell = self._shown.enter_context(progress(len(started.graph.nodes)))
        self.before = {node.index: leaf_grad(started.live[node.index]) for node in started.graph.nodes if node.leaf}

    def node(self, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: SavedValues) -> None:
        """One node ran: judge it, and say how far this is, if it takes long."""
        super().node(index, grads, theirs, saved)
        self._tell(len(self.found.contributions))

    def assembled(self, number: int) -> Pass:
        """The pass, as far as it got."""
        self._shown.close()
        grads = {index: (before, leaf_grad(self.started.live[index])) for index, before in self.before.items()}
        made = assemble(
            self.started.graph,
            self.descriptions,
            self.found,
            kind=self.started.kind,
            source="engine",
            grads=grads,
            names=self.names,
            partial=self.started.partial,
        )
        return replace(made, number=number)


@dataclass(slots=True)
class Known:
    """A finished pass, and weak references to the tensors it started from."""

    made: Pass
    roots: tuple[Any, ...]


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
            self.known.append(Known(observer.assembled(self.count), observer.roots))
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

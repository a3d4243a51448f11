"""Connects a recording with the judge: what happens when a backward pass of the user's program starts and ends."""

import sys
import warnings
import weakref
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from byhand.assembly import assemble
from byhand.chain_rule import SavedValues
from byhand.errors import FaultFound
from byhand.findings import Severity
from byhand.judging import Judge
from byhand.progress import named, progress
from byhand.recording.declared import functions
from byhand.recording.describe import Describer
from byhand.recording.engine import Observer, Started
from byhand.recording.frames import user_frame
from byhand.recording.happenings import Happening
from byhand.recording.later import LARGEST
from byhand.recording.recorder import Recorder
from byhand.recording.saved import Saved
from byhand.recording.scope import Variables
from byhand.recording.summary import summarize
from byhand.replay import replay
from byhand.results import Pass, SecondDerivatives
from byhand.second import Seconded, counted, marked, second_in_pass
from byhand.value import Missing, Shown

if TYPE_CHECKING:
    from byhand.diagnosis import Witness

MOST_SITES = 8  # places of a program that call backward; of more, the later ones are not worked by hand
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


def witness(recorder: Recorder) -> "Witness":
    """Who watches a recording for faults, with all families of them; loaded here, since an explanation needs none."""
    from byhand.diagnosis import Witness

    return Witness(recorder)


class Enough(BaseException):
    """Ends a program that was to be watched for some steps only. Like KeyboardInterrupt it is no Exception: nobody should catch it."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: nothing went wrong."""
        return ["byhand ended the program here, after the steps that were asked for"]


class Several:
    """Several observers of one pass, told one after the other."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self.observers = observers

    def node(self, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """A node ran."""
        for each in self.observers:
            each.node(index, grads, theirs, saved)

    def leaf(self, index: int, grad: Any) -> None:
        """A leaf's gradient is complete."""
        for each in self.observers:
            each.leaf(index, grad)

    def stopped(self, index: int, output_nr: int, grad: Any) -> None:
        """The gradient of a place that was asked for, whose node did not run."""
        for each in self.observers:
            each.stopped(index, output_nr, grad)

    def interrupted(self) -> None:
        """Somebody broke the pass off."""
        for each in self.observers:
            each.interrupted()


class Session:
    """The passes of one recording. `keep` is how many of the latest are kept, None for all.

    With `judge` they are worked by hand: all of them, or at most the first `judged` of each place in the program. With `diagnose` the
    program is watched for faults.
    """

    def __init__(self, *, judge: bool, keep: int | None, diagnose: bool = False, judged: int | None = None) -> None:
        self.known: list[Known] = []
        self.count = 0
        self.judge = judge
        self.at_once = ""  # "warn" or "raise" if a fault is to be told at the moment when it is found
        self.most: int | None = None  # steps after which the program is ended
        self._told = 0
        self._keep, self._judged = keep, judged
        self._sites: Counter[tuple[Any, int]] = Counter()
        self.recorder = Recorder(self, values=judge)
        self.witness = witness(self.recorder) if diagnose else None

    @property
    def watches(self) -> bool:
        """Whether passes are watched while they run."""
        return self.judge or self.witness is not None

    @property
    def judges(self) -> bool:
        """Whether passes are worked by hand, all or some."""
        return self.judge

    def counted(self) -> None:
        """One more pass."""
        self.count += 1

    def started(self, started: Started, recorder: Recorder, frame: Any) -> Several:
        """A pass is about to run: describe its nodes while their values are what they were."""
        observers: list[Observer] = []
        if self._judges(frame):
            describer = describer_of(started.graph, started.live, recorder, Variables(frame))
            roots = tuple(weakref.ref(root) for root in started.roots if isinstance(root, torch.Tensor))
            observers.append(Watched(started, describer, roots))
        if self.witness is not None:
            looking = self.witness.started(started, frame)
            observers += [looking] if looking is not None else []
        return Several(observers)

    def _judges(self, frame: Any) -> bool:
        """Whether this pass is worked by hand."""
        if not self.judge or self._judged is None:
            return self.judge
        user = user_frame(frame)[0]
        site = (user.f_code, user.f_lasti) if user is not None else (None, -1)
        self._sites[site] += 1
        return self._sites[site] <= self._judged and self._sites.total() <= self._judged * MOST_SITES

    def ended(self, observer: Any, problem: BaseException | None) -> None:
        """The pass is over, whole or broken off by a problem."""
        for each in observer.observers if isinstance(observer, Several) else ():
            if isinstance(each, Watched):
                self.known.append(Known(each.ended(self.count), each.roots))
            elif self.witness is not None:
                self.witness.ended(each, problem)
        if self._keep is not None:
            del self.known[: -self._keep]

    def happened(self, happening: Happening) -> None:
        """The training loop did something besides forward and backward."""
        if self.witness is not None:
            self.witness.happened(happening)

    def over(self) -> None:
        """The program's own call is about to return: warn or raise, if that is wanted at once. Raises FaultFound, Enough."""
        if self.witness is None:
            return
        if self.at_once:
            self._tell_at_once()
        if self.most is not None and self.witness.world.progress >= self.most:
            raise Enough

    def _tell_at_once(self) -> None:
        """Warn of the faults found since the last time, or raise the first of them; what may be meant is not told."""
        if self.witness is None:
            return
        found = list(self.witness.world.findings.values())
        new, self._told = found[self._told :], len(found)
        for finding in new:
            if finding.severity is Severity.NOTE:
                continue
            if self.at_once == "raise":
                raise FaultFound(finding)
            user = user_frame(sys._getframe(1))[0]
            file, line = (user.f_code.co_filename, user.f_lineno) if user is not None else ("byhand", 0)
            warnings.warn_explicit(str(FaultFound(finding)), RuntimeWarning, file, line)

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

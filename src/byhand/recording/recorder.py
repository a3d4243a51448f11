"""A recording in progress: what is installed while it lasts, and what it keeps."""

import sys
from collections import deque
from typing import Any, Protocol

import torch

from byhand.recording import compiled, engine, functions, happenings, leaves, modules, saved
from byhand.recording.calls import Call, CallRecorder, Needing, note_arguments, note_result, note_returned
from byhand.recording.engine import Observer, Started
from byhand.recording.frames import outside, user_frame
from byhand.recording.happenings import Happening
from byhand.recording.modules import Model, findable, held, here

NOTED = 3  # backward passes whose calls are remembered, for graphs that are used again
MOST = 200_000  # notes; a program that only infers never gets to a backward pass, and the oldest half is dropped
FAILURES = 50  # different failures of byhand itself that are remembered
MODELS = 200  # models that are remembered; a loop may make a new one at every turn


class Judging(Protocol):
    """Whoever counts the passes and wants to watch them while PyTorch runs them, if `watches` says so."""

    @property
    def watches(self) -> bool:
        """Whether passes are watched."""

    @property
    def judges(self) -> bool:
        """Whether passes are worked by hand, for which the forward of a custom Function is written down."""

    def counted(self) -> None:
        """One more pass."""

    def started(self, started: Started, recorder: "Recorder", frame: Any) -> Observer | None:
        """A pass is about to run, called by the frame; what is returned is told of every node."""

    def ended(self, observer: Observer | None, problem: BaseException | None) -> None:
        """The pass is over, whole or broken off by a problem."""

    def happened(self, happening: Happening) -> None:
        """The training loop did something else."""

    def over(self) -> None:
        """The program's own call is about to return: the moment to raise what is wanted at once."""


class Recorder:
    """Notes the calls and backward passes of this thread from `start` to `stop`."""

    def __init__(self, judging: Judging, *, values: bool) -> None:
        self.notes: list[Any] = []
        self.models: list[Model] = []
        self._met: set[Any] = set()
        self.failures: list[str] = []
        self.passed_over = 0  # backward passes batched by vmap, which stand for many and are not watched
        self.judging = judging
        self._listeners = here.listeners
        self._mode = CallRecorder(self.notes, values=values, failed=self.failed)
        self._active = self._noting = False
        self._marks: list[int] = []
        self._passes: deque[int] = deque(maxlen=NOTED)
        self._elsewhere = engine.elsewhere.count

    def start(self) -> None:
        """Begin to record in this thread."""
        compiled.watch()
        self._listeners = here.listeners
        self._listeners.append(self)
        self._active = True
        self.come_back()

    def stop(self) -> None:
        """End the recording; nothing of it stays installed. Stopping twice is stopping once."""
        if not self._active:
            return
        self.stand_aside()
        self._active = False
        self._listeners.remove(self)
        if not self._listeners:
            here.writes.clear()
            here.aliases.clear()
        compiled.leave()

    def come_back(self) -> None:
        """Note calls again."""
        if self._active and not self._noting:
            self._noting = True
            for patch in PATCHES:
                patch.put()
            self._mode.__enter__()

    def stand_aside(self) -> None:
        """Note nothing until `come_back`: PyTorch is as if nobody recorded."""
        if self._active and self._noting:
            self._noting = False
            self._mode.__exit__()
            for patch in PATCHES:
                patch.take_off()

    def calls(self) -> list[Call]:
        """The calls so far that are still kept, oldest first."""
        self._mode.settle()
        return [Call._make(note) for note in self.notes]

    def _forget(self, *, passes: int) -> None:
        """Drop the notes of calls made before the last few backward passes; called once after each pass."""
        self._marks.append(len(self.notes))
        if len(self._marks) > passes:
            self._drop(self._marks.pop(0))
        self._passes.append(torch.autograd._get_sequence_nr())
        oldest = self._passes[-passes] if len(self._passes) >= passes else 0
        here.writes[:] = [write for write in here.writes if write.sequence > oldest]

    def _drop(self, count: int) -> None:
        """Forget the oldest notes."""
        del self.notes[:count]
        self._marks = [max(mark - count, 0) for mark in self._marks]

    def failed(self, problem: Exception) -> None:
        """Something went wrong in byhand itself; the user's program goes on as if nobody recorded."""
        failure = f"{type(problem).__name__}: {problem}"
        if failure not in self.failures and len(self.failures) < FAILURES:
            self.failures.append(failure)

    def _meet(self, module: torch.nn.Module) -> None:
        """Know a model that was called; of very many, the latest."""
        reference = held(module)
        if findable(reference) and reference not in self._met:
            self.models.append(Model(module))
            self._met.add(reference)
            if len(self.models) > MODELS:
                self._met.discard(self.models.pop(0).reference)

    def module_returned(self, module: torch.nn.Module, result: Any, frame: Any) -> None:
        """A module was called by the frame and gave the result: if the frame is the user's, that is where the result gets its name."""
        try:
            if not here.running:
                self._meet(module)
                if len(self.notes) > MOST:
                    self._drop(MOST // 2)
        except Exception as problem:
            self.failed(problem)
        if outside(frame.f_code.co_filename):
            self.call_returned(type(module), result, frame)

    def call_returned(self, function: Any, result: Any, frame: Any, start: int | None = None, arguments: Any = ()) -> None:
        """Something that PyTorch's function mode does not see was called by the user's frame and gave the result."""
        if engine.traced():
            return
        stop = torch.autograd._get_sequence_nr()
        results, taken = None, []
        try:
            with engine.unnoticed():
                taken = note_arguments(arguments)
                results = note_returned(result, anyway=any(isinstance(each, Needing) for each in taken))
        except Exception as problem:
            self.failed(problem)
        if results is not None:
            self._note(function, taken, results, stop if start is None else start, stop, frame, direct=True)

    def leaf_made(self, function: Any, given: torch.Tensor, result: Any, caller: Any) -> None:
        """A parameter was made of a tensor, called from the caller's frame."""
        frame = user_frame(caller)[0]
        if engine.traced():
            return
        try:
            with engine.unnoticed():
                taken, results = note_arguments([given]), note_result(result, values=None)
        except Exception as problem:
            self.failed(problem)
            return
        if frame is not None:
            stop = torch.autograd._get_sequence_nr()
            self._note(function, taken, results, stop, stop, frame, direct=frame is caller)

    def _note(self, function: Any, taken: Any, results: Any, start: int, stop: int, frame: Any, *, direct: bool) -> None:
        self.notes.append((function, taken, None, results, start, stop, frame.f_code, frame.f_lasti, direct, tuple(here.running)))

    def unseen(self) -> list[str]:
        """What was not observed, one sentence each."""
        told = []
        if self.passed_over:
            told.append(f"{self.passed_over:,} backward passes batched by vmap, one of which stands for many")
        if elsewhere := engine.elsewhere.count - self._elsewhere:
            told.append(f"{elsewhere:,} backward passes in other threads; record there too, with byhand.record()")
        told += [f"byhand itself failed, the program went on undisturbed: {failure}" for failure in self.failures]
        return told

    @property
    def watches(self) -> bool:
        """Whether passes are watched while they run; if not, they are only counted."""
        return self.judging.watches

    @property
    def judges(self) -> bool:
        """Whether passes are worked by hand."""
        return self.judging.judges

    def backward_called(self) -> None:
        """PyTorch's engine was called."""
        self.judging.counted()
        self._forget(passes=NOTED)

    def backward_started(self, started: Started) -> Observer | None:
        """PyTorch's engine is about to run."""
        return self.judging.started(started, self, sys._getframe(1))

    def backward_ended(self, observer: Observer | None, problem: BaseException | None) -> None:
        """PyTorch's engine has returned, or raised the problem."""
        self.judging.ended(observer, problem)

    def backward_over(self) -> None:
        """The program's call of backward is about to return."""
        self.judging.over()

    def happened(self, happening: Happening) -> None:
        """The training loop did something besides forward and backward."""
        try:
            with engine.unnoticed():
                self.judging.happened(happening)
        except Exception as problem:
            self.failed(problem)
        self.judging.over()


PATCHES = (
    modules.calls,
    engine.backward,
    functions.applied,
    functions.backward,
    *leaves.MAKERS,
    saved.hooks,
    *happenings.METHODS,
    happenings.steps,
)

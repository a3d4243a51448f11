"""A recording in progress: what is installed while it lasts, and what it keeps."""

import sys
from collections import deque
from typing import Any, Protocol

import torch

from byhand.recording import compiled, engine, functions, modules, saved
from byhand.recording.calls import Call, CallRecorder, note_returned
from byhand.recording.engine import Observer, Started
from byhand.recording.frames import outside
from byhand.recording.modules import Model, findable, held, here
from byhand.recording.scope import Variables

NOTED = 3  # backward passes whose calls are remembered, for graphs that are used again
MODELS = 200  # models that are remembered; a loop may make a new one at every turn


class Judging(Protocol):
    """Whoever counts the passes and wants to work them by hand while PyTorch runs them, if `judge` says so."""

    judge: bool

    def counted(self) -> None:
        """One more pass."""

    def started(self, started: Started, recorder: "Recorder", variables: Variables) -> Observer | None:
        """A pass is about to run; what is returned is told of every node."""

    def ended(self, observer: Observer | None) -> None:
        """The pass is over, whole or broken off."""


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
            gone = self._marks.pop(0)
            del self.notes[:gone]
            self._marks = [mark - gone for mark in self._marks]
        self._passes.append(torch.autograd._get_sequence_nr())
        oldest = self._passes[-passes] if len(self._passes) >= passes else 0
        here.writes[:] = [write for write in here.writes if write.sequence > oldest]

    def failed(self, problem: Exception) -> None:
        """Something went wrong in byhand itself; the user's program goes on as if nobody recorded."""
        self.failures.append(f"{type(problem).__name__}: {problem}")

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
        except Exception as problem:
            self.failed(problem)
        if outside(frame.f_code.co_filename):
            self.call_returned(type(module), result, frame)

    def call_returned(self, function: Any, result: Any, frame: Any, start: int | None = None) -> None:
        """Something that PyTorch's function mode does not see was called by the user's frame and gave the result."""
        stop = torch.autograd._get_sequence_nr()
        results = None
        try:
            with engine.unnoticed():
                results = note_returned(result)
        except Exception as problem:
            self.failed(problem)
        if results is not None:
            self.notes.append(
                (
                    function,
                    (),
                    None,
                    results,
                    stop if start is None else start,
                    stop,
                    frame.f_code,
                    frame.f_lasti,
                    True,
                    tuple(here.running),
                )
            )

    @property
    def watches(self) -> bool:
        """Whether passes are watched while they run; if not, they are only counted."""
        return self.judging.judge

    def backward_called(self) -> None:
        """PyTorch's engine was called."""
        self.judging.counted()
        self._forget(passes=NOTED)

    def backward_started(self, started: Started) -> Observer | None:
        """PyTorch's engine is about to run."""
        return self.judging.started(started, self, Variables(sys._getframe(1)))

    def backward_ended(self, observer: Observer | None) -> None:
        """PyTorch's engine has returned or raised."""
        self.judging.ended(observer)


PATCHES = (modules.calls, engine.backward, functions.applied, functions.backward, saved.hooks)

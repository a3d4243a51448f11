"""A recording in progress: what is installed while it lasts, and what it keeps."""

import sys
import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch

from byhand.recording import engine, modules
from byhand.recording.calls import Call, CallRecorder, note_returned
from byhand.recording.frames import outside, user_frame
from byhand.recording.engine import Observer, Started
from byhand.recording.modules import Model, here
from byhand.recording.scope import Variables

_function_apply = torch.autograd.Function.__dict__["apply"]
_installed = 0
_lock = threading.Lock()


class Judging(Protocol):
    """Whoever wants to work a pass by hand while PyTorch runs it."""

    def started(self, started: Started, recorder: "Recorder", variables: Variables) -> Observer | None:
        """A pass is about to run; what is returned is told of every node."""

    def ended(self, observer: Observer | None) -> None:
        """The pass is over, whole or broken off."""


class Recorder:
    """Notes the calls and backward passes of this thread from `start` to `stop`."""

    def __init__(self, judging: Judging, *, values: bool) -> None:
        self.notes: list[Any] = []
        self.models: list[Model] = []
        self.judging = judging
        self._mode = CallRecorder(self.notes, values=values)
        self._active = False
        self._marks: list[int] = []

    def start(self) -> None:
        """Begin to record in this thread."""
        modules.install()
        engine.install()
        _install_function()
        here.listeners.append(self)
        self._mode.__enter__()
        self._active = True

    def stop(self) -> None:
        """End the recording; nothing of it stays installed. Stopping twice is stopping once."""
        if not self._active:
            return
        self._active = False
        self._mode.__exit__(None, None, None)
        here.listeners.remove(self)
        _uninstall_function()
        engine.uninstall()
        modules.uninstall()

    def calls(self) -> list[Call]:
        """The calls so far that are still kept, oldest first."""
        return [Call._make(note) for note in self.notes]

    def forget(self, *, passes: int) -> None:
        """Drop the notes of calls made before the last few backward passes; called once after each pass."""
        self._marks.append(len(self.notes))
        if len(self._marks) > passes:
            gone = self._marks.pop(0)
            del self.notes[:gone]
            self._marks = [mark - gone for mark in self._marks]

    def module_returned(self, module: torch.nn.Module, result: Any, frame: Any) -> None:
        """A module was called by the frame and gave the result: if the frame is the user's, that is where the result gets its name."""
        if not here.running and not any(model.reference() is module for model in self.models):
            self.models.append(Model(module))
        if outside(frame.f_code.co_filename):
            self.call_returned(module, result, frame)

    def call_returned(self, function: Any, result: Any, frame: Any, start: int | None = None) -> None:
        """Something that PyTorch's function mode does not see was called by the user's frame and gave the result."""
        stop = torch.autograd._get_sequence_nr()
        with torch._C.DisableTorchFunction():
            results = note_returned(result)
        if results is not None:
            self.notes.append(
                (function, (), None, results, stop if start is None else start, stop, frame.f_code, frame.f_lasti, True, tuple(here.running))
            )

    def backward_started(self, started: Started) -> Observer | None:
        """PyTorch's engine is about to run."""
        with engine.unnoticed():
            return self.judging.started(started, self, Variables(sys._getframe(1)))

    def backward_ended(self, observer: Observer | None) -> None:
        """PyTorch's engine has returned or raised."""
        with engine.unnoticed():
            self.judging.ended(observer)


def _install_function() -> None:
    global _installed
    with _lock:
        _installed += 1
        torch.autograd.Function.apply = classmethod(_apply)


def _uninstall_function() -> None:
    global _installed
    with _lock:
        _installed -= 1
        if not _installed:
            torch.autograd.Function.apply = _function_apply


def _apply(cls: type, *arguments: Any, **options: Any) -> Any:
    start = torch.autograd._get_sequence_nr()
    original: Callable[..., Any] = _function_apply.__get__(None, cls)
    result = original(*arguments, **options)
    for listener in here.listeners:
        frame, _ = user_frame(sys._getframe(1))
        if frame is not None:
            listener.call_returned(cls, result, frame, start)
    return result

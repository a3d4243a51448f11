"""The user's variables at one moment: which names are bound to which tensors, results and models."""

import inspect
import sys
from collections.abc import Iterator
from typing import Any, cast

import torch

from byhand.recording.calls import grad_fn
from byhand.recording.frames import outside
from byhand.recording.modules import Model
from byhand.recording.summary import summarize
from byhand.recording.variables import things
from byhand.value import Missing, Shown

_HISTORY = ("Out[", "In[")  # a shell's own memory is not a name that anybody gave
UNSHARED = 3  # references to a function's variables that nobody else has asked for: the frame's, the local's, the argument's
FRAMES = 8  # of the user's frames, from the innermost outwards


def user_frames(frame: Any) -> Iterator[Any]:
    """The user's frames, innermost first."""
    count = 0
    while frame is not None and count < FRAMES:
        if outside(frame.f_code.co_filename):
            count += 1
            yield frame
        frame = frame.f_back


class Variables:
    """Names by identity, read from the frames of the running program; nothing is kept but the names."""

    def __init__(self, frame: Any) -> None:
        self.tensors: dict[torch.Tensor, str] = {}
        self.results: dict[tuple[Any, int], tuple[str, torch.Tensor]] = {}
        self.models: list[tuple[str, torch.nn.Module]] = []
        spaces: list[dict[str, Any]] = []
        for each in user_frames(frame):
            spaces += [space for space in (_locals(each), each.f_globals) if not any(space is known for known in spaces)]
        for name, thing in things(*spaces, opened=_opened):
            if isinstance(thing, torch.Tensor) and not name.startswith(_HISTORY):
                self._note(name, thing)
            elif isinstance(thing, torch.nn.Module) and not any(thing is model for _, model in self.models):
                self.models.append((name, thing))

    def value(self, node: Any, output_nr: int) -> Shown:
        """The value of the variable that holds one output of a node, if one does."""
        tensor = self.tensor(node, output_nr)
        return Missing.NOT_RECORDED if tensor is None else summarize(tensor)

    def tensor(self, node: Any, output_nr: int) -> torch.Tensor | None:
        """The variable that holds one output of a node, if one does."""
        return self.results.get((node, output_nr), ("", None))[1]

    def outermost(self, called: list[Model]) -> list[tuple[str, Model]]:
        """The models that are part of no other, with their variables; `called` are those that were seen running."""
        inner = {id(child) for _, model in self.models for child in model.modules() if child is not model}
        named = [(name, Model(model)) for name, model in self.models if id(model) not in inner]
        known = inner | {id(model) for _, model in self.models}
        return [*named, *(("", model) for model in called if id(model.reference()) not in known)]

    def _note(self, name: str, tensor: torch.Tensor) -> None:
        self.tensors.setdefault(tensor, name)
        made_by = grad_fn(tensor)
        if made_by is not None:
            self.results.setdefault((made_by, tensor.output_nr), (name, tensor))


def _opened(thing: Any) -> bool:
    """Tensors and modules are named as they are; a shell's own history is not the user's."""
    return not isinstance(thing, torch.Tensor | torch.nn.Module)


def _locals(frame: Any) -> dict[str, Any]:
    """The variables of a frame. A function's are copied, and Python's own copy is emptied: it would hold them until the function ends."""
    found = frame.f_locals
    if not frame.f_code.co_flags & inspect.CO_OPTIMIZED:
        return cast("dict[str, Any]", found)
    copied = dict(found)
    if type(found) is dict and sys.getrefcount(found) == UNSHARED:
        found.clear()
    return copied

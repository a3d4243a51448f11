"""Which nn.Module was running when an operation ran, and the paths of modules and parameters."""

import sys
import threading
import weakref
from collections.abc import Iterable
from typing import Any

import torch

from byhand.recording.patch import Patch


class _Here(threading.local):
    """What is going on in this thread.

    `running` are the modules being called, outermost first; `listeners` who wants to hear of it; `compiled` the frames of the compiled
    functions that run.
    """

    def __init__(self) -> None:
        self.running: list[weakref.ref[torch.nn.Module]] = []
        self.listeners: list[Any] = []
        self.compiled: list[Any] = []
        self.backward = False


here = _Here()


def _call(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
    if not here.listeners:
        return calls.original(self, *args, **kwargs)
    reference = weakref.ref(self)
    hash(reference)  # a reference keeps its hash; of a dead one that was never asked there is none
    here.running.append(reference)
    try:
        result = calls.original(self, *args, **kwargs)
    finally:
        here.running.pop()
    for listener in here.listeners:
        listener.module_returned(self, result, sys._getframe(1))
    return result


class Model:
    """A model that was called: its modules and parameters by path, held weakly, so that the names outlive it."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.reference = weakref.ref(module)
        self.kind = type(module).__name__
        self._modules = {weakref.ref(each): path for path, each in module.named_modules()}
        tensors = [*module.named_parameters(), *module.named_buffers()]
        self._tensors = {weakref.ref(tensor): path for path, tensor in tensors}

    def path(self, module: "weakref.ref[torch.nn.Module]") -> str | None:
        """The path of a module in this model, by the first name it has; the model's own is ""."""
        return self._modules.get(module)

    def tensors(self) -> list[tuple[str, torch.Tensor]]:
        """The parameters and buffers that are still alive, by path."""
        alive = ((path, reference()) for reference, path in self._tensors.items())
        return [(path, tensor) for path, tensor in alive if tensor is not None]


calls = Patch(torch.nn.Module, "__call__", _call)
"""Every module call is noted while this is in place."""


def parameter_paths(models: Iterable[tuple[str, Model]]) -> dict[torch.Tensor, str]:
    """The user's name of every parameter and buffer: its path in the model, the variable before it where that is needed.

    It is needed when the path alone starts with a number (`net.0.weight`), or when two models have the same path.
    """
    found: dict[torch.Tensor, tuple[str, str]] = {}
    for variable, model in models:
        for path, tensor in model.tensors():
            found.setdefault(tensor, (variable, path))
    uses: dict[str, set[str]] = {}
    for variable, path in found.values():
        uses.setdefault(path, set()).add(variable)
    return {
        tensor: f"{variable}.{path}" if variable and (path[0].isdigit() or len(uses[path]) > 1) else path
        for tensor, (variable, path) in found.items()
    }

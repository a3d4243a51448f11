"""Which nn.Module was running when an operation ran, and the paths of modules and parameters."""

import sys
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import torch

from byhand.recording.patch import Patch


class _Here(threading.local):
    """What is going on in this thread.

    `running` are the modules being called, outermost first; `listeners` who wants to hear of it; `compiled` the frames of the compiled
    functions that run; `writer` writes the tape of the custom Function whose forward runs; `ran` is what the last one's backward did;
    `unpacked` what the program's saved-tensor hooks gave the node that runs. `aliases` are the tensors that the program took by `.data`,
    `writes` what it wrote through them.
    """

    def __init__(self) -> None:
        self.running: list[weakref.ref[torch.nn.Module]] = []
        self.listeners: list[Any] = []
        self.compiled: list[Any] = []
        self.backward = False
        self.writer: Any = None
        self.ran: Any = None
        self.unpacked: list[tuple[Any, Any]] = []
        self.aliases: dict[int, Any] = {}
        self.writes: list[Any] = []


here = _Here()


def _call(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
    if not here.listeners:
        return calls.original(self, *args, **kwargs)
    here.running.append(held(self))
    try:
        result = calls.original(self, *args, **kwargs)
    finally:
        here.running.pop()
    for listener in here.listeners:
        listener.module_returned(self, result, sys._getframe(1))
    return result


def held(module: torch.nn.Module) -> "weakref.ref[torch.nn.Module]":
    """The module, held weakly; the reference can be looked up as long as the module has a hash."""
    reference = weakref.ref(module)
    with suppress(TypeError):
        hash(reference)  # a reference keeps its hash; of a dead one that was never asked there is none
    return reference


def findable(reference: "weakref.ref[torch.nn.Module]") -> bool:
    """Whether a reference can be looked up: not that of a module with __eq__ and no __hash__."""
    try:
        hash(reference)
    except TypeError:
        return False
    return True


class Model:
    """A model that was called: its modules and parameters by path, held weakly, so that the names outlive it."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.reference = weakref.ref(module)
        self.kind = type(module).__name__
        modules = ((held(each), path) for path, each in named_modules(module))
        self._modules = {reference: path for reference, path in modules if findable(reference)}
        tensors = [*module.named_parameters(), *module.named_buffers()]
        self._tensors = {weakref.ref(tensor): path for path, tensor in tensors}

    def path(self, module: "weakref.ref[torch.nn.Module]") -> str | None:
        """The path of a module in this model, by the first name it has; the model's own is ""."""
        return self._modules.get(module) if findable(module) else None

    @property
    def weighs(self) -> bool:
        """Whether it has parameters or buffers: a loss or an activation has none."""
        return bool(self._tensors)

    def tensors(self) -> list[tuple[str, torch.Tensor]]:
        """The parameters and buffers that are still alive, by path."""
        alive = ((path, reference()) for reference, path in self._tensors.items())
        return [(path, tensor) for path, tensor in alive if tensor is not None]


calls = Patch(torch.nn.Module, "__call__", _call)
"""Every module call is noted while this is in place."""


def named_modules(module: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """Every module with its path; of modules that have no hash, PyTorch cannot tell, and only the model itself is named."""
    try:
        return list(module.named_modules())
    except TypeError:
        return [("", module)]


def spelled(variable: str, path: str, *, alone: bool) -> str:
    """The user's name of a module or parameter: its path, with the model's variable before it where that is needed.

    It is needed where several models run, where the path alone says too little (`weight`, ""), and where it starts with a number.
    """
    if variable and (not alone or not path or path[0].isdigit() or path in _BARE):
        return f"{variable}.{path}" if path else variable
    return path


_BARE = ("weight", "bias")


def parameter_paths(models: Iterable[tuple[str, Model]], *, alone: bool) -> dict[torch.Tensor, str]:
    """The user's name of every parameter and buffer, by the first model that has it."""
    found: dict[torch.Tensor, str] = {}
    for variable, model in models:
        for path, tensor in model.tensors():
            found.setdefault(tensor, spelled(variable, path, alone=alone))
    return found

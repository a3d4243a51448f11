"""What a training loop does besides forward and backward: optimizers made, steps, gradients cleared, loss scalers at work."""

import sys
from functools import wraps
from typing import Any, NamedTuple

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from byhand.recording.frames import user_frame
from byhand.recording.modules import here
from byhand.recording.patch import Patch


class Happening(NamedTuple):
    """One of these: `kind` is "made", "stepping", "stepped", "cleared", "evaluated", "unscaled", "scaling" or "scaled".

    `thing` is the optimizer, the module whose gradients were cleared or that was put in eval mode, or the scaler; `optimizer` is
    the one that a scaler was given; `frame` is the user's. A scaler's own step is "scaling" before and "scaled" after it.
    """

    kind: str
    thing: Any
    frame: Any
    optimizer: Any = None


def _tell(kind: str, thing: Any, frame: Any, optimizer: Any = None) -> None:
    for listener in tuple(here.listeners):
        listener.happened(Happening(kind, thing, user_frame(frame)[0], optimizer))


def _patched(owner: type, name: str, kind: str) -> Patch:
    """A method that does what it did, and tells that it did."""

    @wraps(getattr(owner, name))
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = patch.original(self, *args, **kwargs)
        if here.listeners:
            _tell(kind, self, sys._getframe(1), args[0] if args else kwargs.get("optimizer"))
        return result

    patch = Patch(owner, name, method)
    return patch


@wraps(torch.amp.GradScaler.step)
def _scaler_step(self: Any, *args: Any, **kwargs: Any) -> Any:
    if not here.listeners:
        return scaler_step.original(self, *args, **kwargs)
    frame, optimizer = sys._getframe(1), args[0] if args else kwargs.get("optimizer")
    _tell("scaling", self, frame, optimizer)
    result = scaler_step.original(self, *args, **kwargs)
    _tell("scaled", self, frame, optimizer)
    return result


scaler_step = Patch(torch.amp.GradScaler, "step", _scaler_step)
METHODS = (
    _patched(torch.optim.Optimizer, "__init__", "made"),
    _patched(torch.optim.Optimizer, "zero_grad", "cleared"),
    _patched(torch.nn.Module, "zero_grad", "cleared"),
    _patched(torch.nn.Module, "eval", "evaluated"),
    _patched(torch.amp.GradScaler, "unscale_", "unscaled"),
    scaler_step,
)
"""Every method is put in place while somebody records."""


class StepHooks:
    """PyTorch's own hooks around the steps of every optimizer, there while somebody records."""

    def __init__(self) -> None:
        self._handles: list[Any] = []
        self._count = 0

    def put(self) -> None:
        """Put them in place, if they are not there already."""
        self._count += 1
        if self._count == 1:
            self._handles = [register_optimizer_step_pre_hook(_stepping), register_optimizer_step_post_hook(_stepped)]

    def take_off(self) -> None:
        """Undo one `put`; the last one takes them off."""
        self._count -= 1
        if not self._count:
            while self._handles:
                self._handles.pop().remove()


def _stepping(optimizer: Any, _args: Any, _kwargs: Any) -> None:
    if here.listeners:
        _tell("stepping", optimizer, sys._getframe(1))


def _stepped(optimizer: Any, _args: Any, _kwargs: Any) -> None:
    if here.listeners:
        _tell("stepped", optimizer, sys._getframe(1))


steps = StepHooks()

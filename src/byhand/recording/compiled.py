"""Compiled functions are left alone: while one runs, the recording stands aside, or it would be compiled anew because of us."""

import sys
from typing import Any

import torch

from byhand.recording.modules import here
from byhand.recording.patch import Patch

_HOME = "torch._dynamo.eval_frame"
_WRAPPER = "compile_wrapper"  # what PyTorch calls the function around a compiled one
_entrance: Patch | None = None


def _set_callback(callback: Any) -> Any:
    """Called by a compiled function when it starts (with the compiler) and when it ends (with what was there before).

    Regions where the compiler is switched off call it too, from other code; they change nothing for us.
    """
    caller, running = sys._getframe(1), here.compiled
    if caller in running:
        del running[running.index(caller) :]
        if not running:
            for listener in here.listeners:
                listener.come_back()
    elif callable(callback) and caller.f_code.co_name == _WRAPPER:
        running.append(caller)
        for listener in reversed(here.listeners):
            listener.stand_aside()
    return _entrance.original(callback) if _entrance is not None else None


def _compile(*arguments: Any, **options: Any) -> Any:
    """`torch.compile`, which loads the compiler: from then on its functions are seen to start and end."""
    result = compiling.original(*arguments, **options)
    _watch_entrance()
    return result


def _watch_entrance() -> None:
    """Put the patch at the entrance of compiled functions, if PyTorch's compiler is loaded."""
    global _entrance
    home = sys.modules.get(_HOME)
    if _entrance is None and home is not None and hasattr(home, "_maybe_set_eval_frame"):
        _entrance = Patch(home, "_maybe_set_eval_frame", _set_callback)
        _entrance.put()


compiling = Patch(torch, "compile", _compile)
_recordings = 0


def watch() -> None:
    """See compiled functions start and end from here on."""
    global _recordings
    _recordings += 1
    compiling.put()
    _watch_entrance()


def leave() -> None:
    """Undo one `watch`."""
    global _entrance, _recordings
    _recordings -= 1
    compiling.take_off()
    if not _recordings and _entrance is not None:
        _entrance.take_off()
        _entrance = None

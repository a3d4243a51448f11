"""Where a function takes a value that needs a gradient and goes on without: what its gradient leaves out on purpose or by mistake."""

import sys
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from byhand.functions.attempts import Attempts
from byhand.recording.frames import user_frame

_CUTS = frozenset({"detach", "detach_", "item", "tolist", "numpy", "__array__", "__float__"})


class _Finder(TorchFunctionMode):
    """Notes the calls that cut a path while gradients are on: inside the forward of a custom Function they are off."""

    found: list[str]

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        reads_data = name == "__get__" and getattr(func, "__self__", None) is torch.Tensor.data
        if (name in _CUTS or reads_data) and args and args[0].requires_grad and torch.is_grad_enabled():
            frame, _ = user_frame(sys._getframe(1))
            line = f"{frame.f_code.co_filename.replace(chr(92), '/').rpartition('/')[2]}:{frame.f_lineno}" if frame else ""
            self.found.append(f".{'data' if reads_data else name}{'()' * (not reads_data)}{f' ({line})' if line else ''}")
        return func(*args, **(kwargs or {}))


def cuts(attempts: Attempts) -> tuple[str, ...]:
    """The calls in a function that go on without a gradient, each with its line."""
    finder = _Finder()
    finder.found = []
    arguments = tuple(attempts.copies().arguments.values())
    with finder:
        attempts.called(lambda: attempts.target.call(*arguments))
    return tuple(dict.fromkeys(finder.found))

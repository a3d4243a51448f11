"""Leaves that are made of another tensor where PyTorch's function mode does not look: `nn.Parameter(x)` and `Variable(x)`."""

import sys
from functools import wraps
from typing import Any

import torch

from byhand.recording.modules import here
from byhand.recording.patch import Patch


def _patched(owner: Any) -> Patch:
    """How a class makes its instances, noted if it is given a tensor."""
    made_by = next(vars(each)["__new__"] for each in owner.__mro__ if "__new__" in vars(each))

    @wraps(made_by)
    def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
        result = patch.original(cls, *args, **kwargs)
        given = args[0] if args else kwargs.get("data")
        if here.listeners and isinstance(given, torch.Tensor):
            _tell(owner, given, result)
        return result

    patch = Patch(owner, "__new__", staticmethod(new))
    return patch


def _tell(owner: Any, given: torch.Tensor, result: Any) -> None:
    for listener in here.listeners:
        listener.leaf_made(owner, given, result, sys._getframe(2))


MAKERS = (_patched(torch.nn.Parameter), _patched(torch.autograd.Variable))
"""Every one is in place while somebody records."""

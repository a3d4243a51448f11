"""What a program's own code may write into when it is called once more, put back afterwards."""

import random
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def as_it_was(owners: Sequence[Any]) -> Iterator[None]:
    """Afterwards the attributes of the classes, the variables of the modules, and all random numbers are again what they were.

    What stands inside of a list or a tensor is not put back. Warnings are not shown a second time.
    """
    kept = [(owner, dict(_variables(owner))) for owner in owners]
    numpy = sys.modules.get("numpy")
    drawn, drawn_by_numpy = random.getstate(), numpy.random.get_state() if numpy is not None else None
    devices = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    try:
        with torch.random.fork_rng(devices=devices), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(drawn)
        if numpy is not None:
            numpy.random.set_state(drawn_by_numpy)
        for owner, before in kept:
            _restore(owner, before)


def _variables(owner: Any) -> Any:
    return vars(owner) if isinstance(owner, type) else owner


def _restore(owner: Any, before: dict[str, Any]) -> None:
    now = dict(_variables(owner))
    for name in [name for name in now if name not in before]:
        delattr(owner, name) if isinstance(owner, type) else owner.pop(name)
    for name, value in before.items():
        if name not in now or now[name] is not value:
            setattr(owner, name, value) if isinstance(owner, type) else owner.update({name: value})

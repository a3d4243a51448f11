"""What a program's own code may write into when it is called once more, put back afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def as_it_was(owners: Sequence[Any]) -> Iterator[None]:
    """Afterwards the attributes of the classes, and the variables of the modules, are again what they were."""
    kept = [(owner, dict(_variables(owner))) for owner in owners]
    try:
        yield
    finally:
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

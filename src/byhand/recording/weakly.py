"""Tensors held weakly, by references that can be looked up as long as anybody wants."""

import weakref
from contextlib import suppress
from typing import Any

MANY = 1_000  # things of one kind; a program that makes a new optimizer at every turn has no end of them


def forget(known: dict[Any, Any]) -> None:
    """Of very many things that are known by weak references, drop those that are gone, the oldest first."""
    if len(known) > MANY:
        for reference in [each for each in known if each() is None][: len(known) - MANY // 2]:
            del known[reference]


def weakly(tensor: Any) -> Any:
    """A weak reference to a tensor. It is asked for its hash at once: of a tensor that is gone it could not be worked out any more."""
    reference = weakref.ref(tensor)
    with suppress(TypeError):
        hash(reference)
    return reference

"""Tensors held weakly, by references that can be looked up as long as anybody wants."""

import weakref
from contextlib import suppress
from typing import Any


def weakly(tensor: Any) -> Any:
    """A weak reference to a tensor. It is asked for its hash at once: of a tensor that is gone it could not be worked out any more."""
    reference = weakref.ref(tensor)
    with suppress(TypeError):
        hash(reference)
    return reference

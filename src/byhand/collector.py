"""Python's search for garbage that refers to itself, put off while a great deal of plain data is made that never does."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Inside, Python does not search: after `import torch` one full search takes a tenth of a second, and frees nothing of ours."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()

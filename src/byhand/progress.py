"""Progress on runs that take more than a second: one line on the error stream of a terminal, gone when it is done."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 1.0  # seconds before anything is shown
EVERY = 0.2


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """What to call with the index of each node of `total`; it shows nothing in the first second or where nobody watches."""
    started = shown = time.monotonic()
    wide = 0

    def told(index: int) -> None:
        nonlocal shown, wide
        now = time.monotonic()
        if now - started > PATIENCE and now - shown > EVERY:
            shown = now
            line = f"byhand: {min(index + 1, total):,} of {total:,} operations worked"
            wide = max(wide, len(line))
            sys.stderr.write(f"\r{line}")
            sys.stderr.flush()

    yield told if sys.stderr is not None and sys.stderr.isatty() else _untold
    if wide:
        sys.stderr.write("\r" + " " * wide + "\r")
        sys.stderr.flush()


def _untold(index: int) -> None:
    """Nobody watches."""

"""Progress on runs that take more than a second: one line on the error stream of a terminal, gone when it is done."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

PATIENCE = 1.0  # seconds before anything is shown
EVERY = 0.2
LONGEST = 40  # characters of a name


@contextmanager
def progress(total: int, name: Callable[[int], str] = lambda index: "") -> Iterator[Callable[[int], None]]:
    """What to call at each node of `total`, with its index; it shows nothing in the first second or where nobody watches.

    `name` says what a node is to the reader; it is asked only when a line is shown.
    """

    def line(done: int, index: int) -> str:
        said = name(index)
        return f"{min(done, total):,} of {total:,} operations worked" + (f", at {_short(said)}" if said else "")

    with _shown(line) as told:
        yield told


@contextmanager
def calls(name: str) -> Iterator[Callable[[], None]]:
    """What to call at each call of a function that is checked: it is shown how many there were, as progress() does."""
    with _shown(lambda done, index: f"{done:,} calls of {_short(name)} (Ctrl-C tells what was found so far)") as told:
        yield lambda: told(0)


@contextmanager
def _shown(line: Callable[[int, int], str]) -> Iterator[Callable[[int], None]]:
    """Counts, and shows the line for the count and the index where somebody watches and waits."""
    started = shown = time.monotonic()
    wide = done = 0

    def told(index: int) -> None:
        nonlocal shown, wide, done
        done += 1
        now = time.monotonic()
        if now - started > PATIENCE and now - shown > EVERY:
            shown = now
            text = f"byhand: {line(done, index)}"
            wide = max(wide, len(text))
            sys.stderr.write(f"\r{text:<{wide}}")
            sys.stderr.flush()

    try:
        yield told if sys.stderr is not None and sys.stderr.isatty() else _untold
    finally:
        if wide:
            sys.stderr.write("\r" + " " * wide + "\r")
            sys.stderr.flush()


def _short(name: str) -> str:
    """The name on one line, its end if it is long: there a path says most."""
    line = " ".join(name.split())
    return line if len(line) <= LONGEST else f"…{line[1 - LONGEST :]}"


def named(descriptions: Sequence[Any], nodes: Sequence[Any]) -> Callable[[int], str]:
    """What a node is to the reader: its module, else its name or expression, else its operation."""

    def name(index: int) -> str:
        at = index % len(nodes)
        said = descriptions[at]
        return str(next(filter(None, chain((said.module,), said.names, (said.expression,))), nodes[at].name))

    return name


def _untold(index: int) -> None:
    """Nobody watches."""

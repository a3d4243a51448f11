"""Progress is shown where somebody watches and waits, and nowhere else."""

import io
import sys

from byhand import progress as module
from byhand.progress import progress


class Terminal(io.StringIO):
    """An error stream that says it is a terminal."""

    def isatty(self):
        """It does."""
        return True


def told(monkeypatch, stream, seconds):
    """What is written while three steps take so many seconds each."""
    clock = iter(range(100))
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock) * seconds)
    with progress(3) as tell:
        for index in range(3):
            tell(index)
    return stream.getvalue()


def test_a_long_run_shows_how_far_it_is(monkeypatch):
    """After a second the line says how many operations are worked, and it is gone at the end."""
    shown = told(monkeypatch, Terminal(), 1)

    assert "byhand: 3 of 3 operations worked" in shown
    assert shown.endswith("\r")


def test_a_short_run_shows_nothing(monkeypatch):
    """Nobody is disturbed in the first second."""
    assert told(monkeypatch, Terminal(), 0.01) == ""


def test_nothing_is_shown_where_nobody_watches(monkeypatch):
    """A file or a pipe gets no progress."""
    assert told(monkeypatch, io.StringIO(), 1) == ""

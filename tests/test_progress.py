"""Progress is shown where somebody watches and waits, and nowhere else."""

import io
import sys

from byhand import progress as module
from byhand.graph import Node
from byhand.progress import named, progress
from byhand.recording.describe import Description


class Terminal(io.StringIO):
    """An error stream that says it is a terminal."""

    def isatty(self):
        """It does."""
        return True


def told(monkeypatch, stream, seconds, name=lambda index: ""):
    """What is written while three steps take so many seconds each; `name` says what they are."""
    clock = iter(range(100))
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock) * seconds)
    with progress(3, name) as tell:
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


def test_the_line_says_what_is_being_judged(monkeypatch):
    """The module or operation at hand is named, and of a long name the end is kept: there a path says most."""
    shown = told(monkeypatch, Terminal(), 1, ("layers.0.attention", "x" * 100, "the\nend").__getitem__)

    assert "2 of 3 operations worked, at …" + "x" * 39 in shown
    assert "3 of 3 operations worked, at the end" in shown


def test_a_node_is_named_by_its_module_then_its_name_then_its_operation():
    """What the reader knows best comes first."""
    said = [Description(("h",), (), module="body.0"), Description(("h",), ()), Description(("",), (), "a * b"), Description(("",), ())]
    nodes = [Node(index, "MulBackward0", (), ()) for index in range(4)]

    assert [named(said, nodes)(index) for index in range(4)] == ["body.0", "h", "a * b", "MulBackward0"]

"""Stands in for PyTorch where names are tested: objects whose every operation notes the instruction it was called from."""

import linecache
import sys
from itertools import count

from byhand.recording.naming import written_along

_numbers = count()


class Thing:
    """Something to calculate with; each operation adds how it was written to `notes`, and gives another such thing."""

    def __init__(self, notes):
        """With the list that the notes go to."""
        self.notes = notes

    def _note(self, *given, **named):
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))
        return Thing(self.notes)

    __add__ = __sub__ = __mul__ = __rmul__ = __pow__ = __matmul__ = __imul__ = __iadd__ = __neg__ = __pos__ = __lt__ = _note
    __call__ = __getitem__ = __setitem__ = chunk = view = transposed = _note

    @property
    def real(self):
        """An operation that is written as an attribute."""
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))
        return Thing(self.notes)

    def __iter__(self):
        """Two parts, as an operation."""
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))
        return iter([Thing(self.notes), Thing(self.notes)])

    def __format__(self, how):
        """Text, as an operation."""
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))
        return ""

    def __repr__(self):
        """Text, as an operation."""
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))
        return ""

    async def later(self):
        """The thing, when awaited."""
        return self

    def __enter__(self):
        """Another thing, as an operation."""
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))
        return Thing(self.notes)

    def __exit__(self, *error):
        """Nothing swallowed, as an operation."""
        frame = sys._getframe(1)
        self.notes.append((frame.f_code, frame.f_lasti))


def namespace():
    """Fresh variables w, x, y, z and a list of the notes they take."""
    notes = []
    return {**{name: Thing(notes) for name in "wxyz"}, "self": Thing(notes), "notes": notes}


def noted(text, *, source=True, shown=None, futures=0):
    """Where each operation of a program was called: code and instruction. `shown` is what stands as its source, itself if None."""
    file = f"<cell {next(_numbers)}>"
    if source:
        shown = text if shown is None else shown
        linecache.cache[file] = (len(shown), None, shown.splitlines(keepends=True), file)
    variables = namespace()
    exec(compile(text, file, "exec", futures, dont_inherit=True), variables)
    return variables["notes"]


def run(text, **how):
    """How each operation of a program was written."""
    return written_along(noted(text, **how))


def brief(found):
    """Of each operation its words and its target, a loop's marked with "each"."""
    return [(each.expression, ("each", each.target) if each.each else each.target) for each in found]

"""One function of PyTorch, replaced while somebody needs it and put back when nobody does."""

import threading
from typing import Any

_lock = threading.Lock()


class Patch:
    """Stands in for `owner.name` from the first `put` to as many calls of `take_off`; `original` is the function underneath.

    Whoever replaces it in the meantime keeps what he put there, with ours below it, which must pass calls on when nobody listens. What
    a class inherits is found in the class it comes from.
    """

    def __init__(self, owner: Any, name: str, replacement: Any) -> None:
        self._inherited = name not in vars(owner)
        self.original = next(vars(each)[name] for each in owner.__mro__ if name in vars(each)) if self._inherited else vars(owner)[name]
        self._owner, self._name, self._replacement = owner, name, replacement
        self._count = 0
        self._buried = False

    def put(self) -> None:
        """Put it in place, if it is not there already."""
        with _lock:
            self._count += 1
            found = vars(self._owner).get(self._name, self.original)
            if self._count > 1 or found is self._replacement or (self._buried and found is not self.original):
                return
            self.original, self._buried = found, False
            setattr(self._owner, self._name, self._replacement)

    def take_off(self) -> None:
        """Undo one `put`; the last one restores what was there."""
        with _lock:
            self._count -= 1
            if self._count:
                return
            self._buried = vars(self._owner).get(self._name) is not self._replacement
            if self._buried:
                return
            if self._inherited:
                delattr(self._owner, self._name)
            else:
                setattr(self._owner, self._name, self.original)

"""How far our chain and PyTorch's may have come apart by rounding alone, at every place: what a weight is held against."""

import math

from byhand.comparison import FULL, UNITS
from byhand.judged import Place
from byhand.value import Shown, magnitude


class Drift:
    """The largest difference that rounding excuses at each place, from what was measured at the nodes that sent something there."""

    def __init__(self) -> None:
        self._allowed: dict[Place, float] = {}
        self._sizes: dict[Place, float] = {}
        self._sent: list[tuple[Place, Shown, float, float, tuple[Place, ...]]] = []
        self._largest = 0.0

    def sent(self, to: Place, value: Shown, rounding: float, moved: float, origin: tuple[Place, ...]) -> None:
        """A node sent something, which rounding moved by `moved`; it worked on what had arrived at `origin`.

        The statistics of the value need not be known before somebody asks.
        """
        self._sent.append((to, value, rounding, moved, origin))

    @property
    def largest(self) -> float:
        """The largest size of anything that was sent."""
        self._settle()
        return self._largest

    def _settle(self) -> None:
        waiting, self._sent = self._sent, []
        for to, value, rounding, moved, origin in waiting:
            size = magnitude(value)
            self._largest = max(self._largest, size)
            self._add(to, size, rounding, moved, origin)

    def _add(self, to: Place, size: float, rounding: float, moved: float, origin: tuple[Place, ...]) -> None:
        behind = max((self._relative(place) for place in origin), default=0.0)
        own = UNITS * rounding * size + FULL.spread * moved
        grown = own * max(1.0, behind / (UNITS * rounding)) if rounding else own
        if math.isfinite(grown):
            self._allowed[to] = self._allowed.get(to, 0.0) + grown
            self._sizes[to] = self._sizes.get(to, 0.0) + size

    def _relative(self, place: Place) -> float:
        """The difference allowed at a place, over the size of what arrived there; 0 where nothing is known."""
        size = self._sizes.get(place, 0.0)
        return self._allowed[place] / size if size else 0.0

    def at(self, place: Place) -> float:
        """The difference allowed at a place; 0 where nothing is known."""
        self._settle()
        return self._allowed.get(place, 0.0)

"""How a wrong gradient differs from the right one, in words: every pattern is tested against the numbers, none is guessed."""

from byhand.pattern.around import Around, Difference
from byhand.pattern.described import describe, patterned

__all__ = ["Around", "Difference", "describe", "patterned"]

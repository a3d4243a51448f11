"""The text of the user's program around the lines that the operations were written on."""

from byhand.picture import Source
from byhand.results import Pass


def sources(result: Pass) -> tuple[Source, ...]:
    """The files that the operations come from, in the order of the program."""
    return ()

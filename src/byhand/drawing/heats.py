"""Numbers by which a picture can be coloured: how large gradients are, how far off, where they are not finite."""

from byhand.picture import Heat, Part
from byhand.results import Pass


def heats(result: Pass, root: Part) -> tuple[Heat, ...]:
    """The colourings that have something to show, each with a number for every box."""
    return ()

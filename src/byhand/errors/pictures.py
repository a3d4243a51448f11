"""Why a picture could not be drawn."""

from byhand.errors.report import ByhandError


class NoPicture(ByhandError):
    """The boxes of the picture have no places: the layout engine is missing, or `refused` says why it gave none."""

    def __init__(self, refused: str = "") -> None:
        super().__init__(
            "the picture cannot be drawn; the story is told without it",
            where="graphlay, which places the boxes and arrows",
            why=f"it refused: {refused}" if refused else "this package is not installed, or not for this Python",
            fix='print(byhand.explain(loss, part="..."))      # a smaller part' if refused else 'pip install "graphlay>=0.3,<0.4"',
        )

"""Why a picture could not be drawn."""

from byhand.errors.report import ByhandError


class NothingToDraw(ByhandError):
    """A picture is asked of a diagnosis that worked no backward pass by hand."""

    def __init__(self) -> None:
        super().__init__(
            "there is no picture: no backward pass was worked by hand",
            where="a diagnosis of byhand.record(diagnose=True), which looks for faults without judging",
            why="a picture shows the numbers of a judged pass",
            fix="with byhand.record(judge=True, diagnose=True) as run:\n    ...\nrun.diagnose().to_svg()",
        )


class NoPicture(ByhandError):
    """The boxes of the picture have no places: the layout engine is missing, or `refused` says why it gave none."""

    def __init__(self, refused: str = "") -> None:
        super().__init__(
            "the picture cannot be drawn; the story is told without it",
            where="graphlay, which places the boxes and arrows",
            why=f"it refused: {refused}" if refused else "this package is not installed, or not for this Python",
            fix='print(byhand.explain(loss, part="..."))      # a smaller part' if refused else 'pip install "graphlay>=0.3,<0.4"',
        )

"""Why a picture could not be drawn."""

from byhand.errors.report import ByhandError


class NoPicture(ByhandError):
    """The boxes cannot be placed: the layout engine is missing, or it refused."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "the picture cannot be drawn",
            where="the layout of boxes and arrows, which graphlay works out",
            why=reason,
            fix='pip install "graphlay>=0.3,<0.4"',
        )

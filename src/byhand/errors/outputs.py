"""Why a picture could not be written in the form that was asked for."""

from byhand.errors.report import ByhandError


class NoPng(ByhandError):
    """A PNG needs the package of the png extra."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"a PNG needs {missing}, which is not installed",
            where="story.to_png() or byhand explain FILE --png picture.png",
            why="it draws the SVG as pixels; SVG, page, LaTeX and text do without it",
            fix=f"pip install {missing}      # or everything for notebooks: byhand[notebook]",
        )


class TooLarge(ByhandError):
    """A picture has more boxes than fit on a page of paper, or is too wide for one."""

    def __init__(self, what: str, most: str) -> None:
        super().__init__(
            f"the picture {what}, too much for a page: TikZ is drawn of {most} at most",
            where="story.to_tikz() or byhand explain FILE --tikz picture.tex",
            why="letters on paper would be too small to read",
            fix="byhand explain FILE --svg picture.svg      # a picture of any size; or one part of it: --part NAME --tikz picture.tex",
        )

"""What the verbs give back: a story that shows itself in terminals and notebooks, as page, picture, LaTeX and JSON."""

import shutil
import sys
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from byhand.document import Document
from byhand.errors import ByhandError, NothingToDraw
from byhand.export import to_json
from byhand.faults import find
from byhand.findings import Finding, Severity
from byhand.picture import Picture
from byhand.render.latex import render_latex
from byhand.render.text import render_text
from byhand.results import Pass, Verdict


class Story:
    """A document and the passes it tells of; shows itself."""

    def __init__(self, document: Document, passes: Sequence[Pass], *, part: str = "", findings: Sequence[Finding] | None = None) -> None:
        self.document = document
        self._findings = findings
        self.passes = tuple(passes)
        self.part = part

    def __str__(self) -> str:
        return render_text(self.document, width=shutil.get_terminal_size((100, 24)).columns)

    def __repr__(self) -> str:
        return render_text(self.document, width=shutil.get_terminal_size((100, 24)).columns, colour=sys.stdout.isatty())

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, Any]:
        """What a notebook shows and keeps: the page in a frame, and for viewers that take it out a picture, LaTeX and plain text."""
        from byhand.render.notebook import mime_bundle

        picture, note = self._drawn()
        return mime_bundle(self.document, picture, note=note)

    @cached_property
    def picture(self) -> Picture:
        """The picture of the pass that is told: boxes and arrows with their places. Raises NoPicture, NothingToDraw."""
        from byhand.drawing import draw

        if not self.passes:
            raise NothingToDraw
        return draw(self.passes[0], part=self.part)

    def _drawn(self) -> tuple[Picture | None, str]:
        """The picture, or why there is none: the story stands without it, whatever went wrong."""
        if not self.passes:
            return None, ""
        try:
            return self.picture, ""
        except ByhandError as problem:
            return None, str(problem)
        except Exception as problem:
            return None, f"the picture cannot be drawn, which is a fault of byhand's: {type(problem).__name__}: {problem}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, one finding for each fault; empty if nothing is."""
        if self._findings is not None:
            return tuple(self._findings)
        told = tuple(finding for made in self.passes for finding in made.findings)
        return told or find(self.passes)

    @property
    def agrees(self) -> bool:
        """Whether everything that was compared agrees, and something was: False too if nothing was compared."""
        return not self.differs and any(Verdict.AGREES in verdicts(made) for made in self.passes)

    @property
    def differs(self) -> bool:
        """Whether anything that was compared differs, or a second derivative is lost."""
        wrong = any(finding.severity is Severity.ERROR for finding in self.findings)
        return wrong or any(Verdict.DIFFERS in verdicts(made) for made in self.passes)

    def to_html(self) -> str:
        """The page: picture, steps and story in one HTML file that needs no network and no server."""
        from byhand.render.page import render_page

        picture, note = self._drawn()
        return render_page(self.document, picture, note=note)

    def to_svg(self) -> str:
        """The picture as SVG, with text as text. Raises NoPicture."""
        from byhand.render.svg import render_svg

        return render_svg(self.picture)

    def to_png(self) -> bytes:
        """The picture as PNG; it takes the extra byhand[png]. Raises NoPicture, NoPng."""
        from byhand.render.png import render_png

        return render_png(self.picture)

    def to_latex(self) -> str:
        """The story as LaTeX, to be included in an article that uses amsmath."""
        return render_latex(self.document)

    def to_tikz(self) -> str:
        """The picture of a small run as TikZ, for an article that uses amsmath and tikz. Raises NoPicture, TooLarge."""
        from byhand.render.tikz import render_tikz

        return render_tikz(self.picture)

    def to_json(self) -> str:
        """The passes and what is wrong in them as JSON, schema byhand/1."""
        return to_json(self.passes, self.findings)


def verdicts(made: Pass) -> set[Verdict]:
    """Every verdict that was given in a pass."""
    leaves = {leaf.comparison.verdict for leaf in made.leaves}
    edges = {each.comparison.verdict for step in made.steps for each in step.contributions}
    return leaves | edges | {each.verdict for each in made.yours}

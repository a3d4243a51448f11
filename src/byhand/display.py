"""What the verbs give back: a story that shows itself in a terminal, in print, in a notebook, as LaTeX and as JSON."""

import shutil
import sys
from collections.abc import Sequence
from typing import Any

from byhand.document import Document
from byhand.export import to_json
from byhand.faults import find
from byhand.findings import Finding, Severity
from byhand.render.latex import render_latex
from byhand.render.text import render_text
from byhand.results import Pass, Verdict


class Story:
    """A document and the passes it tells of; shows itself."""

    def __init__(self, document: Document, passes: Sequence[Pass]) -> None:
        self.document = document
        self.passes = tuple(passes)

    def __str__(self) -> str:
        return render_text(self.document, width=shutil.get_terminal_size((100, 24)).columns)

    def __repr__(self) -> str:
        return render_text(self.document, width=shutil.get_terminal_size((100, 24)).columns, colour=sys.stdout.isatty())

    def _repr_mimebundle_(self, **_wanted: Any) -> dict[str, str]:
        """What a notebook shows and keeps: plain text, readable wherever the notebook is read."""
        return {"text/plain": render_text(self.document, width=100)}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong, one finding for each fault; empty if nothing is."""
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

    def to_latex(self) -> str:
        """The story as LaTeX, to be included in an article that uses amsmath."""
        return render_latex(self.document)

    def to_json(self) -> str:
        """The passes and what is wrong in them as JSON, schema byhand/1."""
        return to_json(self.passes, self.findings)


def verdicts(made: Pass) -> set[Verdict]:
    """Every verdict that was given in a pass."""
    leaves = {leaf.comparison.verdict for leaf in made.leaves}
    edges = {each.comparison.verdict for step in made.steps for each in step.contributions}
    return leaves | edges | {each.verdict for each in made.yours}

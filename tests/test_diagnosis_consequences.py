"""Of findings that follow from each other only the first cause is told."""

import pytest

from byhand.diagnosis.consequences import without_consequences
from byhand.findings import Finding, Severity
from byhand.graph import Origin

CUT = ("graph-cut", Severity.ERROR, "w", 3)


def finding(code, severity, subject, line):
    """A finding of a kind, of a subject, at a line."""
    return Finding(code, severity, subject, Origin("train.py", line), "", "", "")


@pytest.mark.parametrize(
    ("reason", "follows"),
    [
        (CUT, ("not-in-optimizer", Severity.ERROR, "a", 3)),
        (CUT, ("not-in-optimizer", Severity.NOTE, "a", 9)),
        (CUT, ("unused-parameter", Severity.WARNING, "w", 9)),
        (CUT, ("weights-not-updated", Severity.ERROR, "w", 9)),
        (("step-skipped", Severity.ERROR, "lr", 3), ("weights-not-updated", Severity.WARNING, "w", 9)),
    ],
)
def test_what_follows_is_left_out(reason, follows):
    """In whichever order they were found."""
    both = [finding(*follows), finding(*reason)]

    assert without_consequences(both) == (both[1],)


@pytest.mark.parametrize(
    "other",
    [
        ("not-in-optimizer", Severity.ERROR, "a", 9),
        ("unused-parameter", Severity.WARNING, "a", 9),
        ("gradient-accumulated", Severity.ERROR, "w", 3),
    ],
)
def test_what_stands_for_itself_stays(other):
    """Another line, another subject, another kind."""
    both = (finding(*CUT), finding(*other))

    assert without_consequences(both) == both

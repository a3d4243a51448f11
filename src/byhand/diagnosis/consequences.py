"""Findings that only follow from another one: what explains them is said, and they are not."""

from collections.abc import Sequence
from typing import NamedTuple

from byhand.findings import Finding, Severity


class Follows(NamedTuple):
    """A finding of the kind `code` follows from one of the kind `reason`.

    `there` says that both must stand at the same line, `whose` that both must be of the same subject, `weaker` that it must be the less
    severe of the two, `certain` that the reason must be an error.
    """

    code: str
    reason: str
    there: bool = False
    whose: bool = False
    weaker: bool = False
    certain: bool = False


FOLLOWS = (
    Follows("not-in-optimizer", "graph-cut", there=True),
    Follows("unregistered-parameter", "graph-cut", there=True),
    Follows("not-in-optimizer", "graph-cut", weaker=True, certain=True),
    Follows("unused-parameter", "graph-cut", whose=True),
    Follows("weights-not-updated", "graph-cut", certain=True),
    Follows("weights-not-updated", "step-skipped", weaker=True),
    Follows("step-skipped", "weights-not-updated", weaker=True),
)


SEVERITIES = list(Severity)
"""The worst first."""


def without_consequences(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings without those that follow from others."""
    return tuple(each for each in findings if not any(_follows(each, reason) for reason in findings))


def _follows(finding: Finding, reason: Finding) -> bool:
    return any(
        (finding.code, reason.code) == (rule.code, rule.reason)
        and (not rule.there or _line(finding) == _line(reason))
        and (not rule.whose or finding.subject == reason.subject)
        and (not rule.certain or reason.severity is Severity.ERROR)
        and (not rule.weaker or SEVERITIES.index(finding.severity) > SEVERITIES.index(reason.severity))
        for rule in FOLLOWS
    )


def _line(finding: Finding) -> tuple[str, int] | None:
    return (finding.where.file, finding.where.line) if finding.where else None

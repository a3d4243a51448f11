"""What is wrong with a program's gradients, as plain data: one finding for each fault."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from byhand.graph import Origin


class Severity(Enum):
    """How bad it is: an error makes gradients wrong, a warning may, a note says what might be intended."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: its stable `code` (kebab-case), whose gradient it spoils (the user's name), and where the user wrote it.

    `what` has the numbers, `why` the chain of causes, `fix` what to type. `cause` tells apart the causes of one code.
    `passes` are the numbers of the backward passes it was seen in.
    """

    code: str
    severity: Severity
    subject: str
    where: Origin | None
    what: str
    why: str
    fix: str
    cause: str = ""
    passes: tuple[int, ...] = ()


def by_severity(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then notes; within each, in the order in which they were found."""
    order = list(Severity)
    return tuple(sorted(findings, key=lambda finding: order.index(finding.severity)))


@dataclass(frozen=True, slots=True)
class Observed:
    """What a diagnosis rests on: how many backward passes and optimizer steps were seen, how many passes were worked by hand.

    `unseen` tells what was not observed, one sentence each; `ended` says that the program was ended after the steps asked for,
    `failure` what it failed with, "" if it did not.
    """

    program: str = ""
    passes: int = 0
    steps: int = 0
    judged: int = 0
    unseen: tuple[str, ...] = ()
    ended: bool = False
    failure: str = ""

"""What was tried from outside, as plain data: each attempt with its verdict and a sentence."""

from dataclasses import dataclass

from byhand.results import Verdict


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt to catch a backward: what was done, what came of it, and what to change if it failed.

    `code` and `cause` are those of the finding that it makes if it differs, `subject` the input whose gradient it spoils.
    """

    name: str
    verdict: Verdict
    said: str
    why: str = ""
    fix: str = ""
    subject: str = ""
    cause: str = ""
    code: str = "wrong-gradient"


def passed(name: str, said: str = "") -> Trial:
    """An attempt that the backward withstood."""
    return Trial(name, Verdict.AGREES, said)


def untried(name: str, reason: str) -> Trial:
    """An attempt that could not be made."""
    return Trial(name, Verdict.NOT_COMPARED, reason)

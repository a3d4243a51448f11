"""The kinds of faults: each is a class, whose docstring is its page in the documentation."""

from typing import ClassVar

from byhand.findings import Finding, Severity
from byhand.graph import Origin

KINDS: dict[str, type["Kind"]] = {}
"""Every kind by its code."""


class Kind:
    """One kind of fault. The docstring of a kind says what it is and what it does to training; its page is made of it.

    `code` is stable. `severity` is that of a finding unless it says otherwise; `intended` says when the same thing is meant, and then
    only a note, and what would make it an error. `example` is a program with the fault, of tests/diagnosed; its twin without ends in _twin.
    """

    code: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.ERROR
    intended: ClassVar[str] = ""
    example: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        KINDS[cls.code] = cls

    @classmethod
    def found(
        cls,
        subject: str,
        where: Origin | None,
        *,
        what: str,
        why: str,
        fix: str,
        cause: str = "",
        severity: Severity | None = None,
        passes: tuple[int, ...] = (),
    ) -> Finding:
        """A finding of this kind: `what` has the numbers, `why` the chain of causes, `fix` what to type."""
        return Finding(cls.code, severity or cls.severity, subject, where, _ended(what), _ended(why), _ended(fix), cause, passes)


def _ended(text: str) -> str:
    """The text with a full stop at its end."""
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."

"""What is seen in one pass may be chance: what lasts from pass to pass is not."""

import weakref
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import torch

from byhand.findings import Finding

ENOUGH = 3  # passes in a row, of those looked at closely
TWICE = 2  # passes in a row that are enough at the end, for what cannot come back


@dataclass(slots=True)
class _Case:
    passes: int
    finding: Finding
    final: bool = False


class Lasting:
    """Findings that wait until they have been seen in several passes in a row, or in every pass that the program made."""

    def __init__(self) -> None:
        self._cases: dict[Hashable, _Case] = {}
        self._well: set[Hashable] = set()

    def seen(self, key: Hashable, finding: Finding, *, final: bool = False) -> Finding | None:
        """The fault is there in this pass; the finding comes back when that is certain. What is `final` cannot go away by itself."""
        case = self._cases.setdefault(key, _Case(0, finding))
        case.passes, case.finding, case.final = case.passes + 1, finding, final
        return case.finding if case.passes >= ENOUGH else None

    def absent(self, key: Hashable) -> None:
        """The fault is not there in this pass."""
        self._cases.pop(key, None)
        self._well.add(key)

    def remaining(self) -> list[Finding]:
        """What was there in all passes, of a program that made only a few; and what came on the way and is final."""
        return [case.finding for key, case in self._cases.items() if key not in self._well or (case.final and case.passes >= TWICE)]


def leaf_key(live: Any) -> "weakref.ref[torch.Tensor]":
    """A leaf as a key that outlives it."""
    return weakref.ref(live.variable)

"""PyTorch's own errors of the backward pass, explained: the exception stays, its story is added."""

from collections import deque
from dataclasses import replace

import torch

from byhand.diagnosis.failures.freed import Earlier, freed
from byhand.diagnosis.failures.modified import modified
from byhand.diagnosis.failures.refused import refused
from byhand.diagnosis.failures.returned import returned
from byhand.diagnosis.failures.writers import Step
from byhand.diagnosis.family import Family
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.findings import Finding, Severity
from byhand.recording.happenings import Happening

PASSES = 8  # that are over, whose graphs are remembered as plain data
STEPS = 16  # of optimizers


class Failures(Family):
    """Tells why a backward pass stopped. An exception that ended the program is an error, one that it caught a warning."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._before: deque[Earlier] = deque(maxlen=PASSES)
        self._steps: deque[Step] = deque(maxlen=STEPS)
        self._told: dict[tuple[str, str, object], tuple[str, Finding]] = {}
        self._now: Earlier | None = None

    def starting(self, passing: Passing) -> None:
        """Remember the moment: nodes that exist now were made before."""
        self._now = Earlier(passing.number, passing.graph, passing.origin, torch.autograd._get_sequence_nr())

    def happened(self, happening: Happening) -> None:
        """Remember the steps of optimizers: they write into weights."""
        if happening.kind == "stepping" and happening.frame is not None:
            self._steps.append(Step.of(happening))

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Explain a pass that stopped; remember one more that is over."""
        if problem is not None:
            self._explain(passing, problem)
        if self._now is not None:
            self._before.append(self._now)

    def _explain(self, passing: Passing, problem: BaseException) -> None:
        message = str(problem)
        if "backward through the graph a second time" in message:
            self._keep(message, freed(passing, self._before))
        elif "modified by an inplace operation" in message:
            self._keep(message, modified(passing, self._before, self._steps, message))
        else:
            self._keep(message, returned(passing, problem))

    def _keep(self, message: str, finding: Finding | None) -> None:
        if finding is not None:
            self._told.setdefault((finding.code, finding.subject, finding.where), (message, finding))

    def finished(self, problem: BaseException | None) -> None:
        """Report: only now it is known whether the program caught what stopped its passes."""
        ending = _messages(problem)
        for message, finding in self._told.values():
            self.report(finding if message in ending else replace(finding, severity=_caught(finding.severity)))
        told = {message for message, _ in self._told.values()}
        if problem is not None and not told & ending:
            found = refused(self.world, problem)
            if found is not None:
                self.report(found)


def _caught(severity: Severity) -> Severity:
    return Severity.WARNING if severity is Severity.ERROR else severity


def _messages(problem: BaseException | None) -> set[str]:
    """What an exception says, and those that it was raised from."""
    found: set[str] = set()
    seen: list[BaseException] = []
    while problem is not None and not any(problem is each for each in seen):
        seen.append(problem)
        found.add(str(problem))
        problem = problem.__cause__ or problem.__context__
    return found

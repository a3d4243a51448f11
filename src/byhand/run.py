"""A recording: what `with byhand.record() as run` gives, and what can be asked of it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from byhand.cells import finding_in_cell, in_cells
from byhand.display import Story
from byhand.errors import ByhandError, FaultFound, NoBackward, NoSuchStep, NoSuchWay, NotDiagnosed, NotJudged
from byhand.explanation import explain, tell_check, tell_diagnosis
from byhand.failures import explained
from byhand.faults import certain, find
from byhand.findings import Finding, Observed, by_severity
from byhand.results import Pass
from byhand.session import Session
from byhand.yours import known_places, places_of, weigh


class Run:
    """Everything that PyTorch did in this thread while the recording lasted.

    Use it as a context manager, or call `start()` and `stop()`. Recordings nest; after `stop` nothing stays installed.
    """

    def __init__(self, *, judge: bool = True, keep: int | None = None, diagnose: bool | None = None, judged: int | None = None) -> None:
        self.session = Session(judge=judge, keep=keep, diagnose=judge if diagnose is None else diagnose, judged=judged)
        self._failure = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        found = self.conclude(problem)
        if problem is None:
            return
        stories: list[ByhandError | None] = [*map(FaultFound, found)] or [explained(problem)]
        for story in stories:
            if story is not None and not isinstance(problem, FaultFound):
                problem.add_note(f"byhand: {story}")

    def conclude(self, problem: BaseException | None) -> tuple[Finding, ...]:
        """The program is over, `problem` is what ended it: find what only the end tells, and give what is found of the problem.

        Nothing of the problem is kept.
        """
        self._failure = f"{type(problem).__name__}: {problem}".rstrip(": ") if problem is not None else ""
        witness = self.session.witness
        if witness is None:
            return ()
        known = set(witness.world.findings)
        found = tuple(each for each in witness.findings(problem) if witness.world.key(each) not in known)
        if problem is None and self.session.at_once:
            self.session.over()
        return found if problem is not None else ()

    def start(self) -> None:
        """Record from here on."""
        self.session.recorder.start()

    def stop(self) -> None:
        """Record no more."""
        self.session.recorder.stop()

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The backward passes that were recorded and kept, oldest first."""
        return tuple(
            in_cells(replace(known.made, total=self.session.count, passed_over=self.session.recorder.passed_over))
            for known in self.session.known
        )

    def chosen(self, verb: str, step: int | None) -> Pass:
        """One backward pass: the last that got anywhere, or number `step`. Raises NotJudged, NoBackward, NoSuchStep."""
        if not self.session.judge:
            raise NotJudged(verb)
        passes = self.passes
        recorder = self.session.recorder
        if not passes:
            raise NoBackward("with byhand.record() as run", failure="".join(recorder.failures[:1]), batched=recorder.passed_over)
        worked = [made for made in passes if made.steps]
        found = (worked or list(passes))[-1:] if step is None else [made for made in passes if made.number == step]
        if not found:
            raise NoSuchStep(step or 0, self.session.count, [made.number for made in passes])
        return found[0]

    def explain(self, *, step: int | None = None, part: str = "") -> Story:
        """The story of one backward pass (the last, or number `step`); `part` opens one module of a large model.

        Raises NotJudged, NoBackward, NoSuchStep, NoSuchPart.
        """
        made = self.chosen("explain", step)
        return Story(explain(made, part=part), [made], part=part)

    def check(self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **named: Any) -> Story:
        """Every gradient of one backward pass by hand beside PyTorch's, and the reader's own `values` beside both.

        Raises NotJudged, NoBackward, NoSuchStep, UnknownName, WrongShape, NotKept.
        """
        made = self.chosen("check", step)
        given = {**(values or {}), **named}
        made = replace(made, yours=weigh(given, places_of(given, known_places(made)), {}, made), findings=find(self.passes))
        return Story(tell_check(made), [made])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong so far, errors first; raises NotDiagnosed if the recording was not watched for faults."""
        witness = self.session.witness
        if witness is None:
            raise NotDiagnosed
        return by_severity((*certain(find(self.passes)), *map(finding_in_cell, witness.findings())))

    def diagnose(self, program: str = "") -> Story:
        """What is wrong with the gradients and the training steps so far: cause, numbers, line and fix of each fault.

        `program` is the name to put in the title. Raises NotDiagnosed.
        """
        findings = self.findings
        return Story(tell_diagnosis(findings, self.observed(program)), self.passes, findings=findings)

    def observed(self, program: str = "") -> Observed:
        """What a diagnosis rests on."""
        session, recorder = self.session, self.session.recorder
        steps = session.witness.world.steps if session.witness is not None else 0
        ended = session.most is not None and session.witness is not None and session.witness.world.progress >= session.most
        return Observed(program, session.count, steps, len(session.known), tuple(recorder.unseen()), ended, self._failure)

    def to_json(self) -> str:
        """All the passes as JSON, schema byhand/1."""
        return Story(explain(self.chosen("to_json", None)), self.passes).to_json()


def record(*, judge: bool | None = None, diagnose: bool | str = False) -> Run:
    """A recording of this thread, to be used as `with byhand.record() as run:`.

    With `judge=False` calls are only noted: that costs next to nothing, and `run.explain()` and `run.check()` raise NotJudged. With
    `diagnose=True` the program is watched for faults and not judged, unless `judge=True`: `run.diagnose()` tells them; with "warn" a
    RuntimeWarning, with "raise" FaultFound comes at the moment when an error or a probable one is certain. Raises NoSuchWay.
    """
    if diagnose not in (True, False, "warn", "raise"):
        raise NoSuchWay(diagnose)
    judges = not diagnose if judge is None else judge
    run = Run(judge=judges, diagnose=judges or bool(diagnose))
    run.session.at_once = diagnose if isinstance(diagnose, str) else ""
    return run


def caller() -> Any:
    """The frame that called the verb."""
    return sys._getframe(2)

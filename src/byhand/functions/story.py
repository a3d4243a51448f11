"""The report on one function: the judged pass, what the stress showed, and the seal; it shows itself as every story does."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from byhand.display import Story
from byhand.document import Block, Cell, Document, Heading, Prose, Role, Table
from byhand.explanation import tell_check
from byhand.export import to_json
from byhand.faults import find
from byhand.findings import Finding, Severity
from byhand.functions.seal import Seal
from byhand.functions.trials import Trial
from byhand.graph import Origin
from byhand.results import Pass, Verdict
from byhand.words import counted, plain, size

ROLES = {Verdict.AGREES: Role.AGREES, Verdict.DIFFERS: Role.DIFFERS}
BAR = 24  # characters of the longest bar


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found out about one function: whose report it is, and where its backward stands, if it is Python."""

    called: str
    seed: int
    names: tuple[str, ...]
    passed: Pass
    trials: tuple[Trial, ...]
    seal: Seal
    custom: str = ""
    where: Origin | None = None
    odd: tuple[str, ...] = ()


class FunctionStory(Story):
    """The story of one checked function."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        super().__init__(_document(checked), [checked.passed])

    @property
    def differs(self) -> bool:
        """Whether anything differs: a gradient from ours, the backward from itself, or the function from its gradient."""
        outside = [*(trial.verdict for trial in self.checked.trials), self.checked.seal.verdict, self.checked.seal.forward]
        faults = any(finding.severity is Severity.ERROR for finding in self.checked.passed.findings)
        return super().differs or faults or Verdict.DIFFERS in outside

    @property
    def agrees(self) -> bool:
        """Whether everything that was tried agrees, and an input's gradient was compared or the function was sealed; NaN never does."""
        judged = any(leaf.comparison.verdict is Verdict.AGREES for leaf in self.checked.passed.leaves)
        return not self.differs and not self.checked.odd and (judged or self.checked.seal.verdict is Verdict.AGREES)

    def to_json(self) -> str:
        """The pass and what is wrong with the function as JSON, schema byhand/1."""
        return to_json(self.passes, self.checked.passed.findings)


def findings(checked: Checked) -> tuple[Finding, ...]:
    """What is wrong at the nodes, then what failed outside of them: each cause once, with everything that showed it."""
    found = list(find([checked.passed]))
    causes = dict.fromkeys((trial.code, trial.cause) for trial in checked.trials if trial.verdict is Verdict.DIFFERS)
    for code, cause in causes:
        seen = [trial for trial in checked.trials if trial.verdict is Verdict.DIFFERS and (trial.code, trial.cause) == (code, cause)]
        first, *others = seen
        also = f"; the same when {', when '.join(each.name for each in others)}" if others else ""
        found.append(Finding(code, Severity.ERROR, first.subject, checked.where, first.said + also, first.why, first.fix, cause))
    if checked.seal.verdict is Verdict.DIFFERS and not found:
        why = "the function was called at points nearby: the gradient is not the slope that it has"
        subject = ", ".join(checked.seal.blamed)
        found.append(Finding("wrong-gradient", Severity.ERROR, subject, checked.where, checked.seal.said, why, FIX, "slope"))
    return tuple(found)


FIX = "byhand.check(function, *inputs) on one part of the function after the other, until the one is found whose slope is wrong"


def _document(checked: Checked) -> Document:
    told = tell_check(checked.passed).blocks
    title = Heading(f"{checked.called}, worked by hand", 1)
    seeds = Prose((Cell(f"What arrives at the result is a random gradient (seed {checked.seed})."),))
    return Document((title, seeds, *told[1:], *_odd(checked), *_stress(checked), *_sealed(checked.seal)))


def _odd(checked: Checked) -> Iterator[Block]:
    if checked.odd:
        text = "; ".join(checked.odd)
        yield Prose(
            (Cell(f"NOT FINITE: {text}. Such values are compared as values, NaN with NaN; that they agree proves nothing.", Role.LOUD),)
        )


def _stress(checked: Checked) -> Iterator[Block]:
    if not checked.custom:
        yield Prose((Cell("Every operation of it is PyTorch's own: its backward was not put under stress.", Role.FAINT),))
        return
    yield Heading(f"The backward of {plain(checked.custom)} under stress")
    rows = tuple(((Cell(trial.name),), (_verdict(trial.verdict, _short(trial)),)) for trial in checked.trials)
    yield Table(("", ""), rows)


def _short(trial: Trial) -> str:
    if trial.verdict is Verdict.AGREES:
        return f"agrees: {trial.said}" if trial.said else "agrees"
    return "differs" if trial.verdict is Verdict.DIFFERS else plain(trial.said, 120)


def _verdict(verdict: Verdict, text: str) -> Cell:
    return Cell(text, ROLES.get(verdict, Role.NOT_COMPARED))


def _sealed(seal: Seal) -> Iterator[Block]:
    yield Heading("The function itself, without any rule")
    if seal.points:
        most = max(point.remainder for point in seal.points)
        rows = tuple(
            ((Cell(size(point.step)),), (Cell(size(point.remainder)),), (Cell(_bar(point.remainder, seal.floor, most)),))
            for point in seal.points
        )
        yield Table(("step h", "|L(x + h·u) − L(x) − h·⟨gradient, u⟩|", ""), (*rows, ((Cell("rounding"),), (Cell(size(seal.floor)),), ())))
    intended = " (declared as intended)" if seal.verdict is Verdict.INTENDED else ""
    yield Prose((_verdict(seal.verdict, plain(seal.said, 400) + intended),))
    if seal.blamed:
        yield Prose((Cell(f"It is the gradient of {', '.join(seal.blamed)} that is not the slope.", Role.DIFFERS),))
    if seal.forward_said:
        yield Prose((_verdict(seal.forward, plain(seal.forward_said, 300)),))
    yield Prose((Cell(WORTH, Role.FAINT),))


WORTH = (
    "Both are made in float64 along one line: u is the size of each input, with a random sign for each element. They see an error "
    "anywhere, also one that no single operation shows, but not where it is, and none that only another dtype or layout brings out."
)


def _bar(remainder: float, floor: float, most: float) -> str:
    """The remainder on a logarithmic scale that begins at the rounding floor."""
    if not remainder > floor > 0 or not most > floor:
        return ""
    return "▪" * max(1, round(BAR * math.log(remainder / floor) / math.log(most / floor)))


def failures(checked: Checked) -> Sequence[str]:
    """What speaks against a function, one line each; nothing if nothing does."""
    found = [trial.said for trial in checked.trials if trial.verdict is Verdict.DIFFERS]
    found += [checked.seal.said] if checked.seal.verdict is Verdict.DIFFERS else []
    found += [checked.seal.forward_said] if checked.seal.forward is Verdict.DIFFERS else []
    differ = sum(leaf.comparison.verdict is Verdict.DIFFERS for leaf in checked.passed.leaves)
    found += [
        f"{counted(checked.passed.coverage.differ, 'operation')} and {counted(differ, 'input')} differ from the gradient by hand"
    ] * bool(differ or checked.passed.coverage.differ)
    return [*found, *checked.odd]

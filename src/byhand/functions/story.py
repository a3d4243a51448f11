"""The report on one function: the judged pass, what the stress showed, and the seal; it shows itself as every story does."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from byhand.display import Story, verdicts
from byhand.document import Block, Cell, Document, Heading, Prose, Role, Table
from byhand.explanation import tell_check
from byhand.export import to_json
from byhand.faults import find
from byhand.findings import Finding, Severity
from byhand.functions.seal import Seal
from byhand.functions.trials import Trial
from byhand.graph import Origin
from byhand.results import Pass, Verdict
from byhand.value import Value
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
    interrupted: bool = False


class FunctionStory(Story):
    """The story of one checked function."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        super().__init__(_document(checked), [checked.passed])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong: at the nodes, under stress, or with the function as a whole."""
        return self.checked.passed.findings

    @property
    def differs(self) -> bool:
        """Whether anything differs: a gradient from ours, the backward from itself, or the function from its gradient."""
        return bool(_differing(self.checked))

    @property
    def agrees(self) -> bool:
        """Whether everything that was tried agrees, and an input's gradient was compared or the function was sealed; NaN never does."""
        return _agrees(self.checked)

    def to_json(self) -> str:
        """The pass and what is wrong with the function as JSON, schema byhand/1."""
        return to_json(self.passes, self.checked.passed.findings)


def _differing(checked: Checked) -> list[str]:
    """What differs, in a few words each: the findings, or where there are none what else it is."""
    found = [f"{each.code} {plain(each.subject, 80)}".rstrip() for each in checked.passed.findings if each.severity is Severity.ERROR]
    count = [f"{counted(len(found), 'finding')}: {'; '.join(dict.fromkeys(found))}"] if found else []
    outside = [trial.name for trial in checked.trials if trial.verdict is Verdict.DIFFERS]
    outside += ["the function itself"] * (checked.seal.verdict is Verdict.DIFFERS)
    outside += ["forward mode"] * (checked.seal.forward is Verdict.DIFFERS)
    outside += [f"your number for {each.name}" for each in checked.passed.yours if each.verdict is Verdict.DIFFERS]
    outside += ["the gradient by hand"] * (Verdict.DIFFERS in verdicts(checked.passed) and not outside)
    return count or ([f"differs: {'; '.join(outside)}"] if outside else [])


def _agrees(checked: Checked) -> bool:
    judged = any(leaf.comparison.verdict is Verdict.AGREES for leaf in checked.passed.leaves) and not _unseen(checked)
    seen = judged or checked.seal.verdict is Verdict.AGREES
    return seen and not _differing(checked) and not checked.odd and not checked.interrupted


def _unseen(checked: Checked) -> list[str]:
    """The inputs and weights that PyTorch has a gradient for, which was not compared."""
    leaves = checked.passed.leaves
    return [leaf.name for leaf in leaves if leaf.comparison.verdict in UNCOMPARED and isinstance(leaf.by_torch, Value)]


def _verdict_of_all(checked: Checked) -> Block:
    """The last line: one verdict on everything."""
    for words in _differing(checked):
        return Prose((Cell(words, Role.DIFFERS),))
    if _agrees(checked):
        return Prose((Cell("agrees", Role.AGREES),))
    why = "interrupted" if checked.interrupted else "not all of it is finite" if checked.odd else _not_compared(checked)
    return Prose((Cell(f"no verdict: {why}", Role.NOT_COMPARED),))


def _not_compared(checked: Checked) -> str:
    unseen = ", ".join(plain(name, 40) for name in _unseen(checked)[:5])
    return f"the gradient of {unseen} could not be compared" if unseen else "nothing could be compared"


UNCOMPARED = (Verdict.NOT_COMPARED, Verdict.NO_RULE)


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
    return Document((title, seeds, *told[1:], *_odd(checked), *_stress(checked), *_sealed(checked.seal), _verdict_of_all(checked)))


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
        yield Prose((_verdict(seal.verdict, f"It is the gradient of {', '.join(seal.blamed)} that is not the slope{intended}."),))
    if seal.forward_said:
        yield Prose((_verdict(seal.forward, plain(seal.forward_said, 300)),))


def _bar(remainder: float, floor: float, most: float) -> str:
    """The remainder on a logarithmic scale that begins at the rounding floor."""
    if not remainder > floor > 0 or not most > floor:
        return ""
    return "▪" * max(1, round(BAR * math.log(remainder / floor) / math.log(most / floor)))

"""Finds parameters that an optimizer is to train although they need no gradient."""

import difflib
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from byhand.diagnosis.kinds.parameters import FrozenParameter
from byhand.diagnosis.parameters.flows import Reference, went_in
from byhand.diagnosis.parameters.ledger import MOST, Holder, Ledger
from byhand.diagnosis.parameters.sentences import are, at, steps
from byhand.diagnosis.world import origin_of_call
from byhand.findings import Finding, Severity
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.modules import named_modules

ALIKE = 0.8  # how much an attribute's name is like requires_grad, of 1; `require_grad` and `requires_gard` are 0.9 and more
_RIGHT = "requires_grad"


class Freezes:
    """The lines that froze parameters, and the words that were meant to thaw them."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.lines: dict[Reference, Origin] = {}
        self.words: dict[Reference, str] = {}

    def read(self, calls: Sequence[Call]) -> None:
        """Look through the calls for lines that freeze, and through the models for misspelled words."""
        for call in calls:
            if _freezes(call) and len(self.lines) < MOST:
                origin = origin_of_call(call)
                self.lines.update((each, origin) for each in went_in(call) if origin is not None and each() is not None)
        if any(holder.frozen for holder in self.ledger.holders.values()):
            self._misspelled()

    def _misspelled(self) -> None:
        for variable, model in self.ledger.world.models:
            root = model.reference()
            for path, module in named_modules(root) if root is not None else ():
                word = next((key for key in vars(module) if _like(key)), "")
                name = ".".join(part for part in (variable or "model", path) if part)
                for each in module.parameters() if word else ():
                    self._says(each, f"{name}.{word}", vars(module)[word])
                for each in module.parameters(recurse=False):
                    wrong = next((key for key in vars(each) if _like(key)), "")
                    if wrong:
                        self._says(each, wrong, vars(each)[wrong])

    def _says(self, parameter: torch.Tensor, word: str, value: Any) -> None:
        if value is True:
            self.words.setdefault(weakref.ref(parameter), word)

    def found(self, problem: BaseException | None) -> Iterator[Finding]:
        """What each optimizer holds, is frozen, and was meant to be trained; each parameter once."""
        told: set[Reference] = set()
        for holder in self.ledger.holders.values():
            if not (holder.steps or problem is not None):
                continue
            for references, reason, fix in self._reasons(holder):
                new = [each for each in self.ledger.order(references) if each not in told]
                told.update(new)
                if new:
                    yield self._finding(holder, new, reason, fix, _severity(reason))

    def _reasons(self, holder: Holder) -> Iterator[tuple[set[Reference], str, str]]:
        """Why frozen parameters were meant to be trained."""
        frozen = holder.frozen & self.ledger.entries.keys()
        worded = {each for each in frozen if each in self.words}
        for word in dict.fromkeys(self.words[each] for each in worded):
            sets = f"the program sets {word} = True, which is an attribute of its own: PyTorch never reads it"
            yield {each for each in worded if self.words[each] == word}, sets, "Write `.requires_grad_(True)` instead"
        plain = {each for each in frozen if self.ledger.entries[each].plain}
        yield plain, "it is a plain tensor that was never told to require a gradient", "Make it with `requires_grad=True`"
        extra = holder.held.keys() - holder.before
        if holder.before & holder.held.keys() and extra and extra <= frozen:
            more = f"this optimizer{at(holder.made)} was made to train more than the one before, and all that it adds is frozen"
            yield set(extra), more, _THAW
        for number in range(holder.groups) if holder.groups > 1 else ():
            group = {each for each, mine in holder.held.items() if mine == number}
            if group and group <= frozen:
                yield group, f"the optimizer{at(holder.made)} has a group of its own for them, and {_GROUP}", _THAW
        if holder.held and holder.held.keys() <= frozen | holder.lost:
            yield {*frozen, *holder.lost}, f"nothing that the optimizer{at(holder.made)} holds needs a gradient", _THAW
        sizes = {each: self.ledger.entries[each].size for each in holder.held if each in self.ledger.entries}
        if 2 * sum(sizes.get(each, 0) for each in frozen) < sum(sizes.values()):
            yield set(frozen), f"the optimizer{at(holder.made)} got them beside what it trains. {_MEANT}", _THAW

    def _finding(self, holder: Holder, references: list[Reference], reason: str, fix: str, severity: Severity) -> Finding:
        names = [self.ledger.name(each) for each in references]
        line = next((self.lines[each] for each in references if each in self.lines), None)
        frozen = f"frozen{at(line)} and never thawed" if line is not None else "made without needing a gradient"
        call = f" for {names[0]} and the rest" if len(names) > 1 else f" for {names[0]}"
        return FrozenParameter.found(
            names[0],
            line or holder.made,
            what=(
                f"{are(names, 'has', 'have')} requires_grad=False in all {steps(holder.steps)} of {holder.kind} that "
                f"{'was' if len(names) == 1 else 'were'} to train {'it' if len(names) == 1 else 'them'}; .grad stays None."
            ),
            why=f"{names[0]} was {frozen}; {reason}.",
            fix=f"{fix}{call}, before the forward pass{f' and after line {line.line}' if line is not None else ''}.",
            severity=severity,
        )


_GROUP = "the whole group is frozen"
_MEANT = "That may be meant; it is an error if they should be trained"
_THAW = "Call `.requires_grad_(True)`"


def _severity(reason: str) -> Severity:
    """An error where the program itself says that it wants to train them."""
    if reason.endswith(_MEANT):
        return Severity.NOTE
    return Severity.WARNING if reason.endswith(_GROUP) else Severity.ERROR


def _like(word: str) -> bool:
    """Whether a name is requires_grad, misspelled or on a module."""
    return word[:1] in "r_" and difflib.SequenceMatcher(None, word, _RIGHT).ratio() > ALIKE


def _freezes(call: Call) -> bool:
    """Whether a call sets requires_grad to False."""
    name = getattr(call.function, "__name__", "")
    if name == "requires_grad_":
        given = call.arguments[1:] or list((call.keywords or {}).values())
        return given[:1] == [False]
    owner = getattr(getattr(call.function, "__self__", None), "__name__", "")
    return name == "__set__" and owner == _RIGHT and call.arguments[1:2] == [False]

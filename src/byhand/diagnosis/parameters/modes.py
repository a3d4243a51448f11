"""Finds models that are trained while they are in eval mode."""

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd

from byhand.diagnosis.kinds.parameters import EvalMode
from byhand.diagnosis.parameters.flows import Reference
from byhand.diagnosis.parameters.ledger import Holder, Ledger
from byhand.diagnosis.parameters.sentences import are, at, steps
from byhand.diagnosis.world import origin_of_call
from byhand.findings import Finding
from byhand.graph import Origin
from byhand.recording.calls import Call, Returned
from byhand.recording.modules import findable, held, named_modules
from byhand.words import plain

MOST = 200  # models whose mode is followed


@dataclass(slots=True)
class Mode:
    """One model: its mode in the passes, the steps that followed passes in either mode, and the modules that behave differently.

    `since` counts the latest steps in eval mode, `before` those in training mode.
    """

    name: str
    evaluating: bool = False
    since: int = 0
    before: int = 0
    pending: bool = False
    differing: dict[str, str] = field(default_factory=dict)
    called: Origin | None = None
    last: Origin | None = None


class Modes:
    """The modes of all models that are known."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.modes: dict[Reference, Mode] = {}
        self._lines: dict[Reference, Origin | None] = {}

    def evaluated(self, module: Any, origin: Origin | None) -> None:
        """Somebody called `.eval()`."""
        reference = held(module)
        if findable(reference) and (reference in self._lines or len(self._lines) < MOST):
            self._lines[reference] = origin

    def starting(self) -> None:
        """Note the mode of every model as a pass begins."""
        for reference, mode in self.modes.items():
            module = reference()
            if module is not None:
                mode.evaluating, mode.pending = not module.training, True

    def look(self, calls: Sequence[Call]) -> None:
        """Meet the models, and see which of their modules ran that behave differently in eval mode."""
        for variable, model in self.ledger.world.models:
            module = model.reference()
            if module is None or not findable(model.reference) or (model.reference not in self.modes and len(self.modes) >= MOST):
                continue
            mode = self.modes.setdefault(model.reference, Mode(variable or model.kind))
            mode.evaluating, mode.pending = not module.training, True
            if mode.evaluating:
                self._differing(mode, module, calls)

    def _differing(self, mode: Mode, root: torch.nn.Module, calls: Sequence[Call]) -> None:
        ran = {each for call in calls for each in call.modules}
        for path, module in named_modules(root):
            kind = differs(module)
            if kind and not module.training and findable(held(module)) and held(module) in ran:
                mode.differing[path or mode.name] = kind
        for call in calls:
            if isinstance(call.results, Returned) and call.function is type(root) and not call.modules:
                mode.called = origin_of_call(call)
        mode.last = self._line(root) or mode.last

    def _line(self, root: torch.nn.Module) -> Origin | None:
        """The line that put the model in eval mode; it may have been called on what contains it."""
        return self._lines.get(weakref.ref(root))

    def stepped(self, holder: Holder) -> None:
        """An optimizer stepped: it counts for the models whose parameters it holds."""
        trained = {self.ledger.registered.get(each) for each in holder.held if (entry := self.ledger.entries.get(each)) and entry.passes}
        for reference, mode in self.modes.items():
            if mode.pending and reference in trained:
                mode.pending = False
                mode.since = mode.since + 1 if mode.evaluating else 0
                mode.before += not mode.evaluating

    def found(self) -> Iterator[Finding]:
        """One finding for each model whose latest steps were all in eval mode."""
        for mode in self.modes.values():
            if mode.since and mode.differing and (mode.since > 1 or not mode.before):
                yield _finding(mode)


def _finding(mode: Mode) -> Finding:
    names = [f"{path} ({kind})" for path, kind in mode.differing.items()]
    where = mode.last or mode.called
    before = f": {steps(mode.before)} before {'was' if mode.before == 1 else 'were'} in training mode" if mode.before else ""
    came = f"`{plain(mode.last.text)}`{at(mode.last)} put it there" if mode.last else "it was so before, as models from a file may be"
    behave = are(names, "behaves", "behave")
    return EvalMode.found(
        mode.name,
        where,
        what=f"{steps(mode.since)} {'was' if mode.since == 1 else 'were'} taken while the model was in eval mode{before}.",
        why=f"{came[0].upper()}{came[1:]}, and nothing called train() before the next step. {behave} differently there.",
        fix=f"Call `{mode.name}.train()` before the training steps{f', after line {mode.last.line}' if mode.last else ''}.",
    )


def differs(module: torch.nn.Module) -> str:
    """The kind of a module that behaves differently in eval mode; "" for others."""
    name = type(module).__name__
    if isinstance(module, _DropoutNd):
        return name if module.p > 0 else ""
    if isinstance(module, _NormBase):
        return name if module.track_running_stats else ""
    if isinstance(module, torch.nn.RNNBase):
        return name if module.dropout > 0 and module.num_layers > 1 else ""
    if isinstance(module, torch.nn.MultiheadAttention):
        return name if module.dropout > 0 else ""
    return name if isinstance(module, torch.nn.RReLU) else ""

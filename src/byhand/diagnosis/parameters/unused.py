"""Finds parameters of trained models that take no part in the loss: never called, or called for nothing."""

import itertools
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.kinds.parameters import UnusedParameter
from byhand.diagnosis.parameters import sources
from byhand.diagnosis.parameters.flows import Flow, Reference, came_out, follow, uses
from byhand.diagnosis.parameters.ledger import Ledger
from byhand.diagnosis.parameters.sentences import are, at, listed
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import origin_of_call
from byhand.findings import Finding, Severity
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.modules import findable, held, named_modules, spelled

_CONTAINERS = (torch.nn.ModuleList, torch.nn.ModuleDict, torch.nn.Sequential, torch.nn.ParameterList, torch.nn.ParameterDict)


@dataclass(frozen=True, slots=True)
class Idle:
    """Why a parameter is idle: `part` is what was not called or used, `where` the line to look at; equal ones are one finding."""

    part: str
    where: Origin | None
    what: str
    why: str
    fix: str
    severity: Severity

    @property
    def place(self) -> object:
        """What layers of one class, made many times, have in common; the part itself where no line is known."""
        return (self.where, self.why, self.fix, self.severity) if self.where is not None else self


class Unused:
    """The parameters that no pass has reached so far, and what became of them in the passes that were looked at closely."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.idle: dict[Reference, Idle] = {}
        self._elsewhere: set[Reference] = set()

    def look(self, passing: Passing, calls: Sequence[Call]) -> None:
        """Look at the parameters of the models that this pass reaches, and that no pass reached yet."""
        models = self.ledger.world.models
        alone = sum(model.weighs for _, model in models) <= 1
        for variable, model in models:
            root = model.reference()
            if root is None:
                continue
            own = {weakref.ref(each): path for path, each in root.named_parameters() if each.requires_grad}
            waiting = {each: path for each, path in own.items() if self._waits(each)}
            if waiting and len(waiting) < len(own) and not passing.reached.isdisjoint(own):
                self._judge(passing, calls, Naming(root, variable, alone=alone), waiting)

    def _waits(self, reference: Reference) -> bool:
        entry = self.ledger.entries.get(reference)
        return reference not in self._elsewhere and not (entry is not None and entry.reached)

    def _judge(self, passing: Passing, calls: Sequence[Call], naming: "Naming", waiting: dict[Reference, str]) -> None:
        roots = [weakref.ref(root) for root in passing.roots if isinstance(root, torch.Tensor)]
        taken = uses(calls, list(waiting))
        called = {each for call in calls for each in call.modules}
        for reference, path in waiting.items():
            if not taken[reference]:
                self.idle[reference] = naming.never(path, called)
                continue
            flow = follow(calls, taken[reference], roots=roots, leaves=list(self.ledger.entries))
            if flow.arrives or flow.left or not flow.ends:
                self._elsewhere.add(reference)
                self.idle.pop(reference, None)
            else:
                self.idle[reference] = _dropped(calls, flow)

    def ended(self) -> None:
        """What got its gradient in a pass that was not seen takes part."""
        for reference in [each for each in self.idle if (tensor := each()) is not None and tensor.grad is not None]:
            self._elsewhere.add(reference)
            del self.idle[reference]

    def found(self) -> Iterator[Finding]:
        """One finding for each part that was not called, or line that dropped a result."""
        held = self.ledger.held()
        groups: dict[object, dict[Idle, list[Reference]]] = {}
        for reference, idle in self.idle.items():
            if self._waits(reference) and (reference in held or not self.ledger.holders):
                groups.setdefault(idle.place, {}).setdefault(idle, []).append(reference)
        for group in groups.values():
            yield self._finding(group)

    def _finding(self, group: dict[Idle, list[Reference]]) -> Finding:
        """What is idle for one reason at one line, in each of the parts that are alike."""
        idle, *others = group
        names = [self.ledger.name(each) for each in sorted(itertools.chain(*group.values()), key=self._order)]
        alike = f" The same holds for {listed([each.part for each in others])}." if others else ""
        return UnusedParameter.found(
            names[0],
            idle.where,
            what=f"{are(names, 'was', 'were')} reached by none of {self.ledger.world.passes:,} backward passes: {idle.what}{alike}",
            why=idle.why,
            fix=idle.fix,
            severity=idle.severity,
        )

    def _order(self, reference: Reference) -> bool:
        return self.ledger.world.called(reference).endswith("bias")


class Naming:
    """The parts of one model by path."""

    def __init__(self, root: torch.nn.Module, variable: str, *, alone: bool) -> None:
        self._root, self._variable, self._alone = root, variable, alone
        self._modules = dict(named_modules(root))

    def never(self, path: str, called: set[Any]) -> Idle:
        """Why no call took a parameter: the outermost part on its path that was not called, and what would have called it."""
        parts = path.split(".")
        chain = [".".join(parts[:count]) for count in range(len(parts))]
        running = [each for each in chain if not each or self._runs(each, called)]
        owner = running[-1]
        below = parts[len(owner.split(".")) if owner else 0 :]
        attribute = below[0]
        inside = f"{owner}.{attribute}" if owner else attribute
        container = self._modules.get(inside)
        if isinstance(container, _CONTAINERS) and len(below) > 2:
            siblings = [f"{inside}.{name}" for name, _ in container.named_children()]
            busy = [each for each in siblings if self._runs(each, called)]
            if busy:
                return self._sibling(inside, busy, owner, attribute)
        return self._absent(inside, owner, attribute, called)

    def _runs(self, path: str, called: set[Any]) -> bool:
        module = self._modules.get(path)
        if module is None:
            return False
        reference = held(module)
        return findable(reference) and reference in called

    def _sibling(self, container: str, busy: list[str], owner: str, attribute: str) -> Idle:
        where = sources.mentioned(type(self._modules[owner]), attribute)
        return Idle(
            container,
            where,
            f"no call went there; {are([self._name(each) for each in busy], 'was', 'were')} called.",
            f"{type(self._modules[owner]).__name__} chooses among {self._name(container)}{at(where)}, and never chose these.",
            "Nothing, if an expert or an exit may stay idle; if every one should be trained, this is an error: look at how it is chosen. "
            "Under DistributedDataParallel set find_unused_parameters=True.",
            Severity.NOTE,
        )

    def _absent(self, part: str, owner: str, attribute: str, called: set[Any]) -> Idle:
        kind = type(self._modules[owner])
        module = self._modules.get(part)
        thing = f"module {self._name(part)} was not called" if module is not None else "no call took it"
        others = [f"{owner}.{name}" if owner else name for name, _ in self._modules[owner].named_children()]
        busy = [self._name(each) for each in others if each != part and self._runs(each, called)]
        others_ran = f"; {are(busy, 'was', 'were')}" if busy else ""
        what = f"{thing} in any of them{others_ran}."
        where = sources.mentioned(kind, attribute)
        if where is None and sources.is_users(kind) and not sources.looks_indirectly(kind):
            made = sources.assigned(kind, attribute)
            why = f"{kind.__name__} makes self.{attribute}{at(made)}, and none of its methods mentions it again."
            fix = f"Use self.{attribute} in {kind.__name__}.forward, or remove it{at(made)}."
            return Idle(part, made, what, why, fix, Severity.WARNING)
        branch = (
            f"Line {where.line} of {kind.__name__} uses self.{attribute}, and was not run" if where else f"{kind.__name__} did not use it"
        )
        before = f"line {where.line}" if where else "its call"
        fix = (
            f"Nothing, if self.{attribute} is switched off on purpose; if it should be trained, this is an error: look at the condition "
            f"before {before}. Under DistributedDataParallel set find_unused_parameters=True."
        )
        return Idle(part, where, what, f"{branch} in the passes seen.", fix, Severity.NOTE)

    def _name(self, path: str) -> str:
        return spelled(self._variable, path, alone=self._alone)


def _dropped(calls: Sequence[Call], flow: Flow) -> Idle:
    """Why the results of a parameter's calls lead nowhere."""
    end = calls[flow.ends[-1]]
    where = origin_of_call(end)
    written = where.text.strip() if where else getattr(end.function, "__name__", "a call")
    scalar = any((tensor := each()) is not None and tensor.dim() == 0 for each in came_out(end))
    outside = not end.modules
    lost = Severity.WARNING if scalar or (flow.returned < 0 and not outside) else Severity.NOTE
    why = f"it is used{at(origin_of_call(calls[flow.uses[0]]))}, and nothing takes the result of `{written}`{at(where)}"
    why += ", which the model returns" if flow.returned >= 0 else ""
    fix = f"Add what `{written}` gives to the loss" if outside else f"Use the result of `{written}`{at(where)}"
    return Idle(
        str(where.line if where else flow.ends[-1]),
        where,
        "calls took it, and what they gave was dropped.",
        f"{why[0].upper()}{why[1:]}: no path leads from it to the loss.",
        f"{fix}, or remove the parameter and its call.",
        lost,
    )

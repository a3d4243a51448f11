"""Hooks that give back another gradient than the one they were given."""

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.loop import GradientRewritten
from byhand.diagnosis.loop.behind import Hook, Place, leaves_behind, of_modules, places
from byhand.diagnosis.loop.change import Change, change
from byhand.diagnosis.loop.part import and_others, at, named
from byhand.diagnosis.loop.reading import observes, returns, writes
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.findings import Severity
from byhand.graph import Origin
from byhand.recording.naming import written
from byhand.recording.saved import Saved
from byhand.words import plain

ENOUGH = 2  # passes that were looked at: what a hook does in one may look like a fixed factor, and be none


@dataclass(slots=True)
class Rewriting:
    """What one hook did, pass after pass."""

    hook: Hook
    where: Origin | None
    leaves: dict[weakref.ref[torch.Tensor], Change] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    numbers: set[int] = field(default_factory=set)


class Hooks(Family):
    """Compares what was sent to a place that has a hook with what arrives behind it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._places: dict[Place, tuple[Hook, ...]] = {}
        self._sent: dict[Place, torch.Tensor] = {}
        self._stored: dict[int, torch.Tensor] = {}
        self._passing: Passing | None = None
        self._found: dict[Any, Rewriting] = {}
        self._said: set[Any] = set()

    def starting(self, passing: Passing) -> None:
        """Find the places that have hooks."""
        self._places, self._sent, self._passing = {}, {}, None
        if not passing.closely:
            return
        self._places = places(passing)
        if self._places:
            self._passing = passing
        for root, seed in zip(passing.graph.roots, passing.started.seeds, strict=True):
            self._send((root.node, root.output_nr), seed)

    def node(self, passing: Passing, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """Take down what a node sends to places with hooks, and compare what it got itself."""
        if passing is not self._passing:
            return
        for output, grad in enumerate(grads):
            self._arrived(passing, (index, output), grad)
        for edge, grad in zip(passing.graph.nodes[index].edges, theirs, strict=False):
            if edge is not None:
                self._send((edge.node, edge.output_nr), grad)

    def leaf(self, passing: Passing, index: int, grad: Any) -> None:
        """Compare what arrives at a leaf."""
        if passing is self._passing:
            self._arrived(passing, (index, 0), grad)
            leaf = passing.live[index].variable
            if getattr(leaf, "_post_accumulate_grad_hooks", None) and leaf.grad is None and grad is not None:
                self._stored[index] = grad.detach().clone()

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """The pass is over: what was seen often enough is said."""
        for index, grad in self._stored.items():
            self._sent[index, 0] = grad
            self._arrived(passing, (index, 0), passing.live[index].variable.grad)
        self._places, self._sent, self._stored, self._passing = {}, {}, {}, None
        for key in [key for key, found in self._found.items() if len(found.numbers) >= ENOUGH]:
            self._say(key)

    def finished(self, problem: BaseException | None) -> None:
        """The program is over: what was seen once is said too."""
        for key in list(self._found):
            self._say(key)

    def _send(self, place: Place, grad: Any) -> None:
        if place in self._places and isinstance(grad, torch.Tensor) and not grad.is_sparse:
            before = self._sent.get(place)
            self._sent[place] = grad.detach().clone() if before is None else before + grad

    def _arrived(self, passing: Passing, place: Place, grad: Any) -> None:
        sent = self._sent.pop(place, None)
        if sent is None or not isinstance(grad, torch.Tensor) or grad.is_sparse or grad.shape != sent.shape:
            return
        seen = change(sent, grad)
        if seen is None:
            return
        hooks = self._places[place] or of_modules(passing)
        hook = next(
            (each for each in reversed(hooks) if each.code is not None and returns(each.code)), hooks[-1] if hooks else Hook(None, "a hook")
        )
        if hook.code in self._said:
            return
        found = self._found.get(hook.code)
        if found is None:
            found = self._found[hook.code] = Rewriting(hook, _where(hook) or passing.describe(place[0]).origin)
        for leaf in leaves_behind(passing, place):
            found.leaves.setdefault(weakref.ref(leaf), seen)
        found.changes.append(seen)
        found.numbers.add(passing.number)

    def _say(self, key: Any) -> None:
        found = self._found.pop(key)
        self._said.add(key)
        hook = found.hook
        where = found.where
        changes = {self.world.called(each): seen for each, seen in found.leaves.items()}
        names = named(self.world, [leaf for leaf in (each() for each in found.leaves) if leaf is not None])
        subject = names[0] if names else "the gradient"
        first = changes.get(subject, found.changes[0])
        watching = observes(hook.code) and not all(each.usual for each in found.changes)
        registered = written(*hook.registered).origin if hook.registered and hook.registered[0] is not None else None
        called = f"`{plain(hook.name)}`" if hook.name != "<lambda>" else "a lambda"
        self.report(
            GradientRewritten.found(
                subject,
                where,
                what=f"The hook {called}{_defined(hook)} changes the gradient on its way to {subject}"
                f"{and_others(names, len(found.leaves))}: {first.words}",
                why=f"loss → … → hook {called}{at(registered)} ✂ {first.short} → {subject}: "
                "what lies before the hook is trained with what it made"
                + (", and the hook also keeps or prints something, as one that was only meant to look" if watching else ""),
                fix=f"If {called} is only meant to look, let it return None{at(where)} and change nothing in place"
                + (
                    ""
                    if watching
                    else "; if it is meant to change the gradient, all is well: it would be an error only if nobody wanted it"
                ),
                severity=Severity.WARNING if watching else Severity.NOTE,
            )
        )


def _defined(hook: Hook) -> str:
    return f" (line {hook.code.co_firstlineno})" if hook.code is not None else ""


def _where(hook: Hook) -> Origin | None:
    """The line of the hook that gives another gradient or writes into it, else the one that registered it."""
    if hook.code is not None and (offset := returns(hook.code) or writes(hook.code)):
        return written(hook.code, offset).origin
    return written(*hook.registered).origin if hook.registered and hook.registered[0] is not None else None

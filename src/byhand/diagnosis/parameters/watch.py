"""Watches the parameters of a program: who reaches them, who holds them, and what becomes of them."""

import weakref
from typing import Any

import torch

from byhand.diagnosis.family import Family
from byhand.diagnosis.parameters import frozen, hidden, holding, modes, standing, unused
from byhand.diagnosis.parameters.ledger import Holder, Ledger
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World, origin_of
from byhand.graph import Origin
from byhand.recording.frames import user_frame
from byhand.recording.happenings import Happening
from byhand.recording.naming import written

OFTEN = 8  # optimizers whose making is looked at from all sides; a program that makes one at every turn is not slowed down


class Parameters(Family):
    """Frozen, unused, unregistered parameters, those that no optimizer has, models in eval mode, and weights that stay what they were."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.ledger = Ledger(world)
        self.freezes = frozen.Freezes(self.ledger)
        self.unused = unused.Unused(self.ledger)
        self.hidden = hidden.Hiding(self.ledger)
        self.modes = modes.Modes(self.ledger)
        self.updates = standing.Updates(self.ledger)

    def starting(self, passing: Passing) -> None:
        """Note what the pass reaches; in passes that are looked at closely, what the models, calls and lines say of it."""
        self.modes.starting()
        if not passing.closely or not self.world.calls():
            return
        self.ledger.forget()
        for tensor in passing.leaves:
            self.ledger.enter(tensor).reached = True
        self.ledger.register()
        calls = self.world.calls()
        unheld = passing.reached - self.ledger.held()
        self.ledger.births(calls, unheld)
        self.ledger.measure(unheld | {each for holder in self.ledger.holders.values() if not holder.steps for each in holder.held})
        self.freezes.read(calls)
        self.unused.look(passing, calls)
        self.hidden.look(unheld)
        self.modes.look(calls)
        self.updates.look(passing, calls)

    def leaf(self, passing: Passing, index: int, grad: Any) -> None:
        """Count the passes that gave a parameter a gradient."""
        if grad is None:
            return
        tensor = passing.live[index].variable
        entry = self.ledger.entries.get(weakref.ref(tensor))
        if entry is None and isinstance(tensor, torch.nn.Parameter):
            entry = self.ledger.enter(tensor)
        if entry is not None:
            entry.first = entry.first if entry.passes else self.world.steps
            entry.reached = True
            entry.passes += 1

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """Passes inside this one, as reentrant checkpoints make them, are not seen: what they did is in `.grad`."""
        if passing.closely and problem is None:
            self.unused.ended()

    def happened(self, happening: Happening) -> None:
        """Keep account of the optimizers."""
        optimizer = happening.optimizer if happening.kind in ("scaling", "unscaled") else happening.thing
        if happening.kind == "evaluated":
            self.modes.evaluated(happening.thing, origin_of(happening.frame))
        if not isinstance(optimizer, torch.optim.Optimizer):
            return
        holder = self.ledger.holder(optimizer)
        if happening.kind == "made":
            self._made(holder, happening.frame)
        elif happening.kind == "stepped":
            self._stepped(holder, optimizer)
        elif happening.kind == "cleared":
            holder.cleared += 1
        elif happening.kind == "scaling":
            holder.scaled = True

    def finished(self, problem: BaseException | None) -> None:
        """Say what is certain by now; without a recording nothing is known of calls."""
        if not self.world.calls():
            return
        for holder in self.ledger.holders.values():
            self.ledger.look(holder)
        self.ledger.measure(self.ledger.entries)
        others = [*standing.found(self.ledger, self.updates)]
        hiding = [*self.hidden.found()]
        for finding in (
            *others,
            *hiding,
            *holding.found(self.ledger, self.hidden.places),
            *self.freezes.found(problem),
            *self.unused.found(),
            *self.modes.found(),
        ):
            self.report(finding)

    def _made(self, holder: Holder, frame: Any) -> None:
        holder.made = _origin(frame)
        notes = self.world.recorder.notes
        holder.mark = notes[-1] if notes else None
        holder.before = frozenset(reference for each in self.ledger.stepping() for reference in each.held)
        if len(self.ledger.holders) <= OFTEN:
            self.world.look_around(frame)
            self.ledger.register()
            self.freezes.read(self.world.calls())
        self.ledger.look(holder)

    def _stepped(self, holder: Holder, optimizer: torch.optim.Optimizer) -> None:
        holder.steps += 1
        rates = [group.get("lr") for group in optimizer.param_groups]
        holder.still += bool(rates) and all(type(rate) in (int, float) and rate == 0 for rate in rates)
        if not holder.fed:
            holder.fed = any(each.grad is not None for group in optimizer.param_groups for each in group["params"])
        if holder.steps <= 3 or holder.steps & (holder.steps - 1) == 0:
            self.ledger.look(holder, stepping=True)
        self.modes.stepped(holder)


def _origin(frame: Any) -> Origin | None:
    """The line that made an optimizer: not that of its own class's `__init__`."""
    while frame is not None and frame.f_code.co_name == "__init__" and "super()" in written(frame.f_code, frame.f_lasti).text:
        frame = user_frame(frame.f_back)[0]
    return origin_of(frame)

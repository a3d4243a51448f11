"""What the program wants to train: what its optimizers were given, and the leaves whose `.grad` it reads."""

import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch

from byhand.diagnosis.lineage import name_of, tensors, writes
from byhand.diagnosis.world import World
from byhand.recording.calls import Call
from byhand.recording.naming import written

_GRAD = torch.Tensor.grad
MANY = 10_000  # leaves; beyond that, those that are gone are forgotten


class Leaves:
    """Leaves by weak reference, also those that are gone."""

    def __init__(self) -> None:
        self._known: set[weakref.ref[torch.Tensor]] = set()
        self._most = MANY

    def __contains__(self, reference: Any) -> bool:
        return reference in self._known

    def add(self, reference: Any) -> None:
        """Know one more. A reference that lost its tensor before anyone looked it up cannot be known, and nobody will ask for it."""
        with suppress(TypeError):
            self._known.add(reference)
        if len(self._known) > self._most:
            self._known = {each for each in self._known if each() is not None}
            self._most = 2 * len(self._known) + MANY


class Wanted:
    """The leaves that an optimizer steps, that the program reads the gradient of, or that it writes by itself."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.stepped, self.looked_at, self.by_hand = Leaves(), Leaves(), Leaves()
        self._begun: int | None = None

    @property
    def optimized(self) -> bool:
        """Whether the program has an optimizer."""
        return bool(self._world.optimizers)

    def begin(self) -> None:
        """The first pass runs: what is loaded into parameters from here on is no checkpoint that training starts from."""
        if self._begun is None:
            self._begun = torch.autograd._get_sequence_nr()

    def _takes_over(self, call: Call) -> bool:
        """Whether a parameter gets the values of another while the program trains, as a target network does by `load_state_dict`."""
        later = name_of(call) == "copy_" and self._begun is not None and call.start > self._begun
        return later and call.code is not None and ".load_state_dict(" in written(call.code, call.instruction).text

    def look(self) -> None:
        """Know what the optimizers have now, whose gradient the program read, and what it wrote values of other tensors into."""
        for optimizer in self._world.living_optimizers():
            for group in optimizer.param_groups:
                for tensor in group["params"]:
                    self.stepped.add(weakref.ref(tensor))
        self._read(self._world.calls())

    def _read(self, calls: Sequence[Call]) -> None:
        used: set[int] = set()
        for call in calls:
            taken = list(tensors(call))
            if not taken:
                continue
            first = taken[0].reference
            if call.direct and getattr(call.function, "__self__", None) is _GRAD and name_of(call) == "__get__":
                self.looked_at.add(first)
            elif len(taken) > 1 and writes(call) and (id(first) in used if call.direct else self._takes_over(call)):
                self.by_hand.add(first)
            used.update(id(seen.reference) for seen in taken)

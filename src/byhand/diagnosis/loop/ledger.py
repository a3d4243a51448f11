"""What happened to the `.grad` of every leaf since a pass last added to it."""

import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.passing import Passing
from byhand.graph import Origin
from byhand.recording.recorder import Recorder

Reference = weakref.ref[torch.Tensor]
ROOM = 4  # times as many leaves as a pass reaches are remembered before the dead ones are dropped


@dataclass(slots=True)
class Held:
    """The gradient that a leaf held when a pass had added to it; `weights` is how often the leaf itself had been changed by then.

    `passes` are the passes that it is a sum of, `used` says that a step has taken it, `stale` how many gradients that were
    used before are in it and `before` the norm of the last of them, `rounds` how often the leaf was changed by hand without a clear.
    """

    grad: Reference | None
    version: int
    weights: int
    passes: int = 1
    used: bool = False
    stale: int = 0
    rounds: int = 0
    before: float = 0.0

    def untouched(self, leaf: torch.Tensor) -> bool:
        """Whether the leaf still holds this very gradient, and nobody has written into it."""
        grad = leaf.grad
        return grad is not None and self.grad is not None and self.grad() is grad and grad._version == self.version

    def same(self, leaf: torch.Tensor) -> bool:
        """Whether the leaf still holds this very gradient, perhaps with other numbers in it."""
        return self.grad is not None and leaf.grad is not None and self.grad() is leaf.grad


@dataclass(slots=True)
class Last:
    """The backward pass that ended last: where, which leaves it reached, and the last call that was noted by then."""

    origin: Origin | None
    site: Any
    reached: frozenset[Reference]
    mark: Any
    closely: bool
    number: int


class Ledger:
    """Keeps what every leaf held, for as long as nobody cleared it."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.held: dict[Reference, Held] = {}
        self.owned: set[Reference] = set()
        self._known: dict[weakref.ref[torch.optim.Optimizer], int] = {}
        self.last: Last | None = None

    def starting(self, passing: Passing) -> None:
        """A pass will add to what is still there; what was cleared, replaced or written into begins anew."""
        for leaf in passing.leaves:
            reference = weakref.ref(leaf)
            held = self.held.get(reference)
            if held is not None and not held.untouched(leaf):
                del self.held[reference]

    def ended(self, passing: Passing) -> None:
        """A pass has added to its leaves."""
        for leaf in passing.leaves:
            reference, grad = weakref.ref(leaf), leaf.grad
            if grad is None:
                self.held.pop(reference, None)
                continue
            held = self.held.get(reference)
            if held is None:
                self.held[reference] = Held(weakref.ref(grad), grad._version, leaf._version)
                continue
            held.grad, held.version, held.weights = weakref.ref(grad), grad._version, leaf._version
            held.passes, held.used = held.passes + 1, False
        notes = self._recorder.notes
        self.last = Last(passing.origin, site(passing), passing.reached, notes[-1] if notes else None, passing.closely, passing.number)
        if len(self.held) > ROOM * max(len(passing.leaves), 250):
            self.held = {reference: held for reference, held in self.held.items() if reference() is not None}

    def stepping(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer is about to step: its parameters are known to be its own."""
        reference, count = weakref.ref(optimizer), sum(len(group["params"]) for group in optimizer.param_groups)
        if self._known.get(reference) == count:
            return
        self._known[reference] = count
        self.owned.update(weakref.ref(parameter) for parameter in parameters(optimizer))
        if len(self.owned) > ROOM * max(len(self.held), 250):
            self.owned = {known for known in self.owned if known() is not None}
            self._known = {known: number for known, number in self._known.items() if known() is not None}

    def stepped(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer has used what its parameters held."""
        for parameter in parameters(optimizer):
            held = self.held.get(weakref.ref(parameter))
            if held is not None and held.same(parameter) and parameter.grad is not None:
                held.used, held.version = True, parameter.grad._version

    def of(self, leaf: torch.Tensor) -> Held | None:
        """What a leaf held."""
        return self.held.get(weakref.ref(leaf))


def site(passing: Passing) -> Any:
    """What tells one backward line from another."""
    origin = passing.origin
    return (origin.file, origin.line, origin.columns) if origin is not None else None


def parameters(optimizer: torch.optim.Optimizer) -> Iterator[torch.Tensor]:
    """The parameters of an optimizer, group by group."""
    for group in optimizer.param_groups:
        yield from group["params"]


def norm(tensor: torch.Tensor) -> float:
    """The size of a gradient."""
    dense = tensor.coalesce().values() if tensor.is_sparse else tensor
    return float(torch.linalg.vector_norm(dense, dtype=torch.float32 if dense.dtype in (torch.float16, torch.bfloat16) else None))

"""What is known of the parameters of a run: which passes reached them, who holds them, whether they changed. Nothing keeps them alive."""

import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from byhand.diagnosis.parameters.flows import Reference, came_out, went_in
from byhand.diagnosis.world import World, origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call
from byhand.recording.weakly import forget

MOST = 20_000  # tensors that are known; a program that makes its parameters anew in every pass goes on making them


@dataclass(slots=True)
class Entry:
    """One parameter, or another leaf. `reached` says that it was in the graph of a pass, `passes` counts those that gave it a gradient.

    `first` is the number of steps before the first of these. `moved` says that its value changed; `born` is the line that made it, and
    `late` says that an optimizer was there before.
    """

    size: int = 0
    weighs: bool = False
    plain: bool = False
    reached: bool = False
    passes: int = 0
    first: int = 0
    norm: float | None = None
    looks: int = 0
    moved: bool = False
    born: Origin | None = None
    late: bool = False


@dataclass(slots=True)
class Holder:
    """One optimizer. `held` are its tensors with the number of their group.

    `frozen` are those that never needed a gradient when looked at, `lost` those that had gradients once and need none now.

    `fed` says that something it holds had a `.grad` at a step, `still` counts the steps in which all learning rates were 0.
    """

    reference: "weakref.ref[torch.optim.Optimizer]"
    kind: str = ""
    made: Origin | None = None
    mark: Any = None
    held: dict[Reference, int] = field(default_factory=dict)
    frozen: set[Reference] = field(default_factory=set)
    lost: set[Reference] = field(default_factory=set)
    groups: int = 0
    steps: int = 0
    fed: bool = False
    still: int = 0
    cleared: int = 0
    scaled: bool = False
    scheduled: bool = False
    before: frozenset[Reference] = frozenset()


class Ledger:
    """Shared by all that judges parameters."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.entries: dict[Reference, Entry] = {}
        self.holders: dict[weakref.ref[Any], Holder] = {}
        self.registered: dict[Reference, Reference] = {}
        self.evaluating: dict[Reference, bool] = {}

    def enter(self, tensor: torch.Tensor) -> Entry:
        """What is known of a leaf, from now on."""
        reference = weakref.ref(tensor)
        entry = self.entries.get(reference)
        if entry is None:
            if len(self.entries) >= MOST:
                self.forget(everything=True)
            plain = not isinstance(tensor, torch.nn.Parameter)
            entry = self.entries[reference] = Entry(tensor.numel(), tensor.dim() > 1, plain)
        return entry

    def forget(self, *, everything: bool = False) -> None:
        """Drop what is gone: inputs that needed a gradient; of parameters only if they are too many."""
        for reference in [each for each, entry in self.entries.items() if each() is None and (entry.plain or everything)]:
            del self.entries[reference]

    def holder(self, optimizer: torch.optim.Optimizer) -> Holder:
        """What is known of an optimizer."""
        reference = weakref.ref(optimizer)
        forget(self.holders)
        return self.holders.setdefault(reference, Holder(reference, type(optimizer).__name__))

    def look(self, holder: Holder, *, stepping: bool = False) -> None:
        """Look at what an optimizer holds now; once it is gone, what it held last is known."""
        optimizer = holder.reference()
        if optimizer is None:
            return
        tensors = [(tensor, number) for number, group in enumerate(optimizer.param_groups) for tensor in group["params"]]
        holder.groups = len(optimizer.param_groups)
        holder.scheduled = holder.scheduled or any("initial_lr" in group for group in optimizer.param_groups)
        frozen = {weakref.ref(tensor) for tensor, _ in tensors if not tensor.requires_grad}
        new = {weakref.ref(tensor) for tensor, _ in tensors} - holder.held.keys()
        holder.frozen = (holder.frozen & frozen) | (frozen & new)
        holder.held = {weakref.ref(tensor): number for tensor, number in tensors}
        if stepping:
            holder.lost = {each for each in frozen - holder.frozen if self.entries.get(each, Entry()).passes}
        for tensor, _ in tensors:
            self.enter(tensor)

    def held(self) -> set[Reference]:
        """All that some optimizer holds."""
        return {reference for holder in self.holders.values() for reference in holder.held}

    def stepping(self) -> list[Holder]:
        """The optimizers that stepped."""
        return [holder for holder in self.holders.values() if holder.steps]

    def measure(self, references: Iterable[Reference]) -> None:
        """Compare the sizes of tensors with what they were when first looked at."""
        for reference in references:
            entry, tensor = self.entries.get(reference), reference()
            if entry is None or tensor is None or entry.moved or tensor.layout is not torch.strided:
                continue
            norm = size_of(tensor)
            entry.moved = entry.norm is not None and norm != entry.norm
            entry.norm = norm
            entry.looks += 1

    def births(self, calls: list[Call], references: Iterable[Reference]) -> None:
        """Where tensors were made, by the first call that is known of each, and whether an optimizer that steps was made before."""
        wanted = {id(each): each for each in references if each in self.entries}  # held while this runs: an id is one of them
        place = {id(note): number for number, note in enumerate(self.world.recorder.notes)}
        marks = [place.get(id(holder.mark), -1) for holder in self.holders.values() if holder.made]
        for number, call in enumerate(calls):
            if not wanted:
                return
            made = [wanted.pop(id(each), None) for each in came_out(call)] if wanted and not _takes(call, wanted) else []
            for reference in made:
                if reference is not None and self.entries[reference].born is None:
                    entry = self.entries[reference]
                    entry.born, entry.late = origin_of_call(call), bool(marks) and max(marks) < number

    def register(self) -> None:
        """Know which model has which parameters, as the models are now."""
        for _, model in self.world.models:
            module = model.reference()
            if module is not None and len(self.registered) < MOST:
                self.evaluating[model.reference] = not module.training
                self.registered.update((weakref.ref(each), model.reference) for each in module.parameters())

    def name(self, reference: Reference) -> str:
        """The user's name of a tensor that may be gone."""
        return self.world.called(reference) or "a tensor without a name"

    def order(self, references: Iterable[Reference]) -> list[Reference]:
        """Tensors that are known in the order in which they are named: as the models have them, weights before biases."""
        wanted = self.entries.keys() & set(references)
        placed = {reference: number for number, reference in enumerate(self.registered) if reference in wanted}
        return sorted(wanted, key=lambda each: (not self.entries[each].weighs, placed.get(each, len(placed))))


def _takes(call: Call, wanted: dict[int, Reference]) -> bool:
    """Whether a call gives back a tensor that it was given: it was made before."""
    return any(id(each) in wanted for each in went_in(call))


def size_of(tensor: torch.Tensor) -> float:
    """The norm of a tensor in double precision: what changes a tensor changes it, but for chance."""
    return float(torch.linalg.vector_norm(tensor.detach(), dtype=torch.complex128 if tensor.is_complex() else torch.float64))

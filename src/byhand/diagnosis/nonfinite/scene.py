"""The forward pass behind a backward pass: which of its values are not finite, where that began, and how the user calls them."""

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import Any

import torch

from byhand.chain_rule import SavedValues
from byhand.diagnosis.passing import Passing
from byhand.errors import ByhandError
from byhand.graph import Node
from byhand.recording.calls import UNKNOWN, Call, Needing, Seen
from byhand.recording.saved import Saved
from byhand.replay import work_out
from byhand.rules.table import rules_of
from byhand.words import plain

MOST = 1 << 24  # elements of a graph whose values are worked out again, once in a program
ARRANGING = ("MaskedFill", "Where", "IndexPut", "CopySlices", "Cat", "Stack", "Scatter", "IndexFill", "IndexCopy", "Pad", "Fill")
"""Operations that only put elements in their places: an infinity among their results was put there on purpose."""

Place = tuple[int, int]


class State(Enum):
    """What is known of a value: bad is NaN, or an infinity that nobody put there; meant is an infinity that somebody did."""

    FINE = "fine"
    MEANT = "meant"
    BAD = "bad"
    UNKNOWN = "unknown"


class Scene:
    """The forward pass of one backward pass, looked at when something in it is not finite."""

    def __init__(self, passing: Passing, held: Mapping[int, SavedValues] | None = None) -> None:
        self.passing = passing
        self._held = held or {}
        self.graph = passing.graph

    @cached_property
    def _found(self) -> dict[Place, torch.Tensor]:
        found = work_out(self.graph, self.passing.live, self.passing.describer.variable_at, most=MOST)
        return found or self._all_saved()

    def _all_saved(self) -> dict[Place, torch.Tensor]:
        """The values that PyTorch saved, where there are too many to work out the others."""
        found: dict[Place, torch.Tensor] = {}
        for node in self.graph.nodes:
            places = {"result": (node.index, 0)} if len(node.outputs) == 1 else {}
            for number, edge in enumerate(node.edges):
                rules = rules_of(node.name, number)
                if edge is not None and rules:
                    places[rules[0].input] = (edge.node, edge.output_nr)
            for name, place in places.items():
                value = self._read(node, name)
                if value is not None and tuple(value.shape) == self.graph.nodes[place[0]].outputs[place[1]].shape:
                    found[place] = value
        return found

    def _read(self, node: Node, name: str) -> torch.Tensor | None:
        saved = self.saved(node.index)
        try:
            value = saved[name]
        except (ByhandError, RuntimeError, KeyError, AttributeError):
            return None
        return value.detach() if isinstance(value, torch.Tensor) else None

    @cached_property
    def _calls(self) -> list[Call]:
        return self.passing.world.calls()

    def saved(self, index: int) -> Any:
        """What PyTorch saved for a node; of some it was read before the pass freed it."""
        return self._held.get(index) or Saved(self.passing.live[index])

    def value(self, place: Place) -> torch.Tensor | None:
        """The value of one output of a node, as the forward pass made it; None if it is not known any more."""
        node = self.graph.nodes[place[0]]
        if node.leaf:
            leaf: torch.Tensor = self.passing.live[node.index].variable
            return leaf.detach()
        found = self._found.get(place)
        return self._noted(place) if found is None else found

    def _noted(self, place: Place) -> torch.Tensor | None:
        """The value as the recording noted it, if that is still there."""
        node, said = self.graph.nodes[place[0]], self.passing.describe(place[0])
        if said.call < 0:
            return None
        results = self._calls[said.call].results
        each = results[place[1]] if isinstance(results, list) and place[1] < len(results) else results
        if type(each) is not tuple or len(each) != len(Seen._fields):
            return None
        value = tensor_of(Seen._make(each))
        return value if value is not None and tuple(value.shape) == node.outputs[place[1]].shape and self._last(place[0]) else None

    def _last(self, index: int) -> bool:
        """Whether a node gave its call's result: no other node of the same call takes what it gave."""
        call = self.passing.describe(index).call
        return not any(self.passing.describe(each).call == call for each, _ in self.takers.get(index, ()))

    @cached_property
    def takers(self) -> dict[int, list[Place]]:
        """Of every node those that took its results, and by which edge."""
        found: dict[int, list[Place]] = {}
        for node in self.graph.nodes:
            for number, edge in enumerate(node.edges):
                if edge is not None:
                    found.setdefault(edge.node, []).append((node.index, number))
        return found

    @cached_property
    def states(self) -> dict[Place, State]:
        """What is known of every value, in the order of the forward pass."""
        states: dict[Place, State] = {}
        for node in reversed(self.graph.nodes):
            for output in range(len(node.outputs)):
                states[node.index, output] = self._state(node, output, states)
        return states

    def _state(self, node: Node, output: int, states: dict[Place, State]) -> State:
        value = self.value((node.index, output))
        if value is None:
            return State.UNKNOWN
        if is_finite(value):
            return State.FINE
        if bool(value.isnan().any()):
            return State.BAD
        taken = {states[place] for place in inputs_of(node)}
        if State.BAD in taken or node.leaf:
            return State.BAD
        put = node.name.startswith(ARRANGING) or State.MEANT in taken or self._takes_infinity(node)
        return State.MEANT if put else State.BAD

    def _takes_infinity(self, node: Node) -> bool:
        """Whether an infinity went into the node's call as a constant."""
        return any(not is_finite(value) for _, value in self.constants(node.index))

    def constants(self, index: int) -> Iterator[tuple[str, torch.Tensor]]:
        """The constants that went into the call that made a node, with what the user calls them."""
        said = self.passing.describe(index)
        if said.call < 0:
            return
        call = self._calls[said.call]
        texts = [each.text for each in said.arguments] or [""] * len(call.arguments)
        for text, argument in zip(texts, call.arguments, strict=False):
            if isinstance(argument, float):
                yield text, torch.tensor(argument)
            value = tensor_of(argument) if isinstance(argument, Seen) else None
            if value is not None:
                yield text, value

    def births(self, places: list[Place]) -> list[int]:
        """The nodes behind these places whose result is not finite though everything they took in is, earliest first."""
        met, todo = set[Place](), [place for place in places if self.states[place] in (State.BAD, State.UNKNOWN)]
        while todo:
            place = todo.pop()
            if place not in met:
                met.add(place)
                todo += [each for each in inputs_of(self.graph.nodes[place[0]]) if self.states[each] in (State.BAD, State.UNKNOWN)]
        spoiled: set[int] = set()
        born: list[int] = []
        for index, output in sorted(met, reverse=True):
            taken = any(each.node in spoiled for each in self.graph.nodes[index].edges if each is not None)
            bad = self.states[index, output] is State.BAD
            if bad and not taken and index not in born:
                born.append(index)
            if bad or taken:
                spoiled.add(index)
        return born

    def meant(self, places: list[Place]) -> list[int]:
        """The nodes behind these places that put an infinity there on purpose."""
        found, todo = [], [place for place in places if self.states[place] is State.MEANT]
        while todo:
            index = todo.pop()[0]
            before = [each for each in inputs_of(self.graph.nodes[index]) if self.states[each] is State.MEANT]
            todo += before
            found += [] if before else [index]
        return found

    def name(self, place: Place) -> str:
        """What the user calls a value: its variable, else the words that made it; "" if it has neither."""
        said = self.passing.describe(place[0])
        name = said.names[place[1]] if place[1] < len(said.names) else ""
        return plain(name or said.expression)


def inputs_of(node: Node) -> list[Place]:
    """The places that a node took its inputs from."""
    return [(edge.node, edge.output_nr) for edge in node.edges if edge is not None]


def tensor_of(seen: Any) -> torch.Tensor | None:
    """A tensor as it was when a call took it in or gave it; None if that is not known any more."""
    if isinstance(seen, Needing) or not isinstance(seen, Seen):
        return None
    if type(seen.data) is tuple:
        data, shape, dtype = seen.data
        return torch.tensor(data, dtype=dtype).reshape(tuple(shape))
    tensor = seen.reference()
    if tensor is None or seen.version == UNKNOWN or tensor.is_inference() or tensor._version != seen.version:
        return None
    found: torch.Tensor = tensor.detach()
    return found


def is_finite(value: torch.Tensor) -> bool:
    """Whether every element is finite; of what has no floating point or no ordinary layout, yes."""
    if value.layout is not torch.strided or not (value.is_floating_point() or value.is_complex()):
        return True
    return bool(value.isfinite().all())

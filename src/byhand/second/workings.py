"""The gradients of one node by hand, worked so that they can be differentiated once more: by its rules, or by those of its forward."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import torch

from byhand.chain_rule import Operands, as_is, choose, contribute
from byhand.errors import Unreadable
from byhand.graph import Node
from byhand.opinions.operations import as_taken, derive
from byhand.recording.rerun import OVERWRITTEN, Wider, run_again, verify
from byhand.recording.saved import Saved
from byhand.recording.tape import Tape
from byhand.recording.walk import gradient_node
from byhand.second.bounded import Spot
from byhand.second.derivatives import Derivatives, Paths, add, by_hand
from byhand.second.statistics import TIES, Statistics

Grads = Sequence[torch.Tensor | None]
Change = Callable[[Any], Any]
Directions = Mapping[int, torch.Tensor]

HIDDEN = frozenset({"result1", "result2"})
"""Names of results that PyTorch saves as plain numbers: where nothing ties them to the input, what they depend on cannot be seen."""


class Bounds(NamedTuple):
    """Where the graph of a node's gradients ends: the spots of its inputs by edge, and every node known before."""

    inputs: Mapping[int, Spot]
    known: Callable[[Any], bool]


class Working(Protocol):
    """The gradients of one node by hand, and their derivative along some directions."""

    def gradients(self) -> Mapping[int, torch.Tensor]:
        """What each edge receives, by its number."""

    def derivative(self, directions: Directions, change: Change) -> Derivatives:
        """The derivative of what the edges receive, down to the upstream gradients and to what the node took in."""


class ByRules:
    """A node that has rules: they name what PyTorch saved, and that leads to where it came from."""

    def __init__(self, node: Node, live: Any, grads: Grads, bounds: Bounds) -> None:
        self._node, self._live, self._grads, self._bounds = node, live, grads, bounds
        self._saved = Statistics(node.name, Saved(live))

    def gradients(self) -> dict[int, torch.Tensor]:
        """What each edge receives, by its number. Raises NoRule, and Unreadable where the second derivative is not to be had so."""
        with torch.enable_grad():
            operands = Operands(self._node, self._grads, self._saved)
            found = self._worked(operands)
        for number in found:
            if not choose(self._node, number, operands).second_opinion:
                raise Unreadable(self._node.name, "", "no rule of our own that is independent of PyTorch's")
        hidden = [
            name for name, value in operands.read().items() if name in HIDDEN and _is_plain(value) and (self._node.name, name) not in TIES
        ]
        if hidden:
            raise Unreadable(self._node.name, hidden[0], "PyTorch does not show what it was worked from")
        return found

    def derivative(self, directions: Directions, change: Change) -> Derivatives:
        """The derivative of what the edges receive. What depends on a result is led on through the node's own rules."""
        with torch.enable_grad():
            found = self._worked(Operands(self._node, self._grads, self._saved, change=change))
        derivatives = by_hand(Paths(found, _changed(directions, change), self._bounds.known))
        passed = [derivatives.pop((self._live, number), None) for number in range(len(self._node.outputs))]
        if any(each is not None for each in passed):
            self._lead_on(Operands(self._node, passed, self._saved, change=change), derivatives)
        return derivatives

    def _worked(self, operands: Operands) -> dict[int, torch.Tensor]:
        wanted = [number for number, edge in enumerate(self._node.edges) if edge is not None]
        return {number: contribute(self._node, number, operands).received for number in wanted}

    def _lead_on(self, operands: Operands, derivatives: Derivatives) -> None:
        for number, sent in self._worked(operands).items():
            add(derivatives, self._bounds.inputs[number], sent)


class ByOperations:
    """A custom Function whose forward was written down: its calls are made again, with a graph."""

    def __init__(self, node: Node, tape: Tape, grads: Grads, bounds: Bounds) -> None:
        self._node, self._tape, self._grads, self._bounds = node, tape, grads, bounds

    def gradients(self) -> dict[int, torch.Tensor]:
        """What each edge receives, by its number. Raises Unreadable where the calls cannot be made again, NoRule."""
        if self._tape.leaks:
            raise Unreadable(self._tape.name, "", f"its forward leaves PyTorch (it calls .{self._tape.leaks[0]}())")
        verify(self._tape, run_again(self._tape, self._values(), Wider(None)))
        return self._worked(as_is)[0]

    def derivative(self, directions: Directions, change: Change) -> Derivatives:
        """The derivative of what the edges receive."""
        found, ends = self._worked(change)
        derivatives: Derivatives = {}
        for spot, total in by_hand(Paths(found, _changed(directions, change), lambda _: False)).items():
            add(derivatives, ends.get(spot, spot), total)
        return derivatives

    def _worked(self, change: Change) -> tuple[dict[int, torch.Tensor], dict[Spot, Spot]]:
        """The gradients, and what the ends of their graph stand for."""
        wider = Wider(None if change is as_is else torch.float64)
        inputs = [wider.tensor(change(value)).detach() for value in self._values()]
        edges = {number: edge for number, edge in enumerate(self._node.edges) if edge is not None}
        for number, edge in zip(self._tape.wanted, edges.values(), strict=True):
            inputs[number] = as_taken(inputs[number], edge).requires_grad_()
        outputs = run_again(self._tape, inputs, wider)
        with torch.enable_grad():
            grads = [None if grad is None else change(grad).to(output.dtype) for grad, output in zip(self._grads, outputs, strict=True)]
            sent = derive(outputs, [inputs[number] for number in self._tape.wanted], grads)
        ends = {gradient_node(inputs[number]): self._bounds.inputs[edge] for number, edge in zip(self._tape.wanted, edges, strict=True)}
        found = {edge: each for edge, each in zip(edges, sent, strict=True) if each is not None}
        return found, ends

    def _values(self) -> list[torch.Tensor]:
        values = [kept.value() for kept in self._tape.inputs]
        if any(value is None for value in values):
            raise Unreadable(self._tape.name, "", OVERWRITTEN)
        return [value for value in values if value is not None]


def _changed(directions: Directions, change: Change) -> Directions:
    return {number: change(direction) for number, direction in directions.items()}


def _is_plain(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel() > 0 and not value.requires_grad

"""The second derivative of a Function that nobody sees into: its own backward, at inputs that are moved a little."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from byhand.errors import Unreadable
from byhand.graph import Node
from byhand.opinions.opaque import Opaque
from byhand.recording.direct import run_node
from byhand.recording.surroundings import as_it_was
from byhand.recording.tape import Tape
from byhand.second.bounded import Spot
from byhand.second.derivatives import Derivatives
from byhand.second.workings import Bounds, Grads

UNSTEADY = "differences of its backward do not settle: it has a kink there, or rounds too much"
STEPS = (1.0, 2.0)  # of the step; where both give the same, that is the derivative
SETTLED = 0.02  # of the derivative, by which the two may differ
SEEN = 0.05  # of the derivative, by which PyTorch's must be off to be called wrong


class Moved(NamedTuple):
    """The derivative of what the edges receive, along random directions at both ends: PyTorch's number, and that of differences."""

    theirs: float
    by_difference: float

    @property
    def differs(self) -> bool:
        """Whether the two are further apart than differences can be wrong."""
        return abs(self.theirs - self.by_difference) > SEEN * max(abs(self.theirs), abs(self.by_difference))


def moved(node: Node, tape: Tape, grads: Grads, directions: Mapping[int, torch.Tensor], theirs: Derivatives, bounds: Bounds) -> Moved:
    """How a backward changes with its inputs. Raises Unreadable where the Function cannot be called again, or differences do not settle."""
    function = Opaque(tape, "its forward cannot be looked into")
    edges = [number for number, edge in enumerate(node.edges) if edge is not None]
    spots = {number: bounds.inputs[edge] for edge, number in zip(edges, tape.wanted, strict=True)}
    shifts = _shifts(function.values, spots)
    change = sum(_product(theirs[spot], shift) for spot, shift in shifts.items() if spot in theirs)
    step = function.epsilon ** (1 / 3)
    size = 0.0
    slopes = []
    for factor in STEPS:
        ends = []
        for sign in (1, -1):
            values = [
                value + sign * factor * step * shifts[spots[number]].to(value.dtype) if number in spots else value
                for number, value in enumerate(function.values)
            ]
            sent = _backward(node, tape, values, grads)
            ends.append(sum(_product(sent[edge], along) for edge, along in directions.items() if edge in sent))
            size = max(size, sum(_product(sent[edge].abs(), along.abs()) for edge, along in directions.items() if edge in sent))
        slopes.append((ends[0] - ends[1]) / (2 * factor * step))
    noise = 8 * function.epsilon * size / step
    if not abs(slopes[0] - slopes[1]) <= SETTLED * abs(slopes[0]) + noise or 0 < abs(slopes[0] - change) <= 2 * noise:
        if abs(slopes[0] - change) > 2 * noise or noise > SEEN * abs(change):
            raise Unreadable(tape.name, "", UNSTEADY)
        return Moved(change, change)
    return Moved(change, slopes[0])

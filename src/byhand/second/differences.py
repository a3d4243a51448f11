"""The second derivative of a Function that nobody sees into: its own backward, at inputs that are moved a little."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from byhand.errors import Unreadable
from byhand.graph import Node
from byhand.opinions.opaque import Opaque
from byhand.recording.direct import run_node
from byhand.recording.state import as_it_was
from byhand.recording.tape import Tape
from byhand.second.bounded import Spot
from byhand.second.derivatives import Derivatives
from byhand.second.workings import Bounds, Directions, Grads
from byhand.words import size

OPAQUE = "its forward cannot be looked into"
UNSTEADY = "differences of its backward do not settle: it has a kink there, or it rounds too much"
SEEN = 0.05  # of the derivative, by which PyTorch's must be off to be called wrong, and differences must not be
ROUNDINGS = 16  # of each evaluation


class Slope(NamedTuple):
    """The derivative of what the edges receive along random directions: by differences, how far that may be off, and PyTorch's."""

    by_difference: float
    noise: float
    theirs: float

    def words(self) -> str:
        """How the two differ, "" if they do not. Raises Unreadable where nothing can be said."""
        apart, largest = abs(self.theirs - self.by_difference), max(abs(self.theirs), abs(self.by_difference))
        if apart <= max(self.noise, SEEN * largest):
            if self.noise > SEEN * largest > 0:
                raise Unreadable("", "", UNSTEADY)
            return ""
        if apart < 2 * self.noise:
            raise Unreadable("", "", UNSTEADY)
        return f"it is {size(self.theirs)} along random directions, and {size(self.by_difference)} by differences of the backward itself"


def slope_of(node: Node, tape: Tape, grads: Grads, directions: Directions, theirs: Derivatives, bounds: Bounds) -> Slope:
    """How a backward changes with its inputs. Raises Unreadable where the Function cannot be called again."""
    function = Opaque(tape, OPAQUE)
    edges = [number for number, edge in enumerate(node.edges) if edge is not None]
    spots = {number: bounds.inputs[edge] for edge, number in zip(edges, tape.wanted, strict=True)}
    shifts = _shifts(function.values, spots)
    step = function.epsilon ** (1 / 3)

    def at(distance: float) -> tuple[float, float]:
        """The gradients along their directions, and the size of what was added up."""
        pairs = [(value, shifts.get(spots.get(number))) for number, value in enumerate(function.values)]
        values = [value if shift is None else value + distance * shift.to(value.dtype) for value, shift in pairs]
        sent = _backward(node, tape, values, grads)
        parts = [(sent[edge].double() * along.double()) for edge, along in directions.items() if edge in sent]
        return sum(part.sum().item() for part in parts), sum(part.abs().sum().item() for part in parts)

    (ahead, amount), (behind, _), (further, _), (back, _) = (at(distance * step) for distance in (1, -1, 2, -2))
    near, far = (ahead - behind) / (2 * step), (further - back) / (4 * step)
    noise = abs(near - far) + ROUNDINGS * function.epsilon * amount / step
    change = sum((theirs[spot].double() * shift.double()).sum().item() for spot, shift in shifts.items() if spot in theirs)
    return Slope(near, noise, change)


def _shifts(values: Sequence[torch.Tensor], spots: Mapping[int, Spot]) -> dict[Spot | None, torch.Tensor]:
    """A random direction for each input that a gradient is sent to; an input that is given twice moves as one."""
    found: dict[Spot | None, torch.Tensor] = {}
    for number, spot in spots.items():
        generator = torch.Generator().manual_seed(number)
        like = values[number]
        found.setdefault(spot, torch.randn(like.shape, generator=generator, dtype=torch.float64).to(like.device))
    return found


def _backward(node: Node, tape: Tape, values: Sequence[torch.Tensor], grads: Grads) -> dict[int, torch.Tensor]:
    """What the edges receive where the Function is called with these values."""
    if tape.again is None:
        raise Unreadable(tape.name, "", OPAQUE)
    with torch.random.fork_rng(devices=[]), as_it_was(tape.owners):
        if tape.random is not None:
            torch.set_rng_state(tape.random)
        inputs = [value.detach().clone().requires_grad_(number in tape.wanted) for number, value in enumerate(values)]
        given = tape.again(inputs, graph=True)
        outputs = [each for each in (given if isinstance(given, tuple | list) else (given,)) if isinstance(each, torch.Tensor)]
        live = next((each.grad_fn for each in outputs if each.grad_fn is not None), None)
        if live is None:
            raise Unreadable(tape.name, "", OPAQUE)
        upstream = [
            torch.zeros_like(output) if grad is None else grad.detach().to(output.dtype)
            for grad, output in zip(grads, outputs, strict=True)
        ]
        sent = run_node(node, live, upstream)
    return {
        number: each for number, (edge, each) in enumerate(zip(node.edges, sent, strict=False)) if edge is not None and each is not None
    }

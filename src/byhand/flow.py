"""What flows back: what our chain and PyTorch's nodes have sent to each place, and how far the two can be trusted there."""

import math
from collections.abc import Sequence

import torch

from byhand.chain_rule import accumulate
from byhand.comparison import compare, unit
from byhand.graph import Graph, Node
from byhand.judged import Arrived, Judged, Place
from byhand.recording.later import Later
from byhand.results import Contribution, Verdict
from byhand.value import Missing, Shown, Value

BIG = 1 << 18  # elements; in larger graphs our chain goes on from PyTorch's own gradient wherever the two still agree


class Flow:
    """The gradients on their way, by place; each is dropped when the node it was sent to has run.

    `strayed` are the places where our chain may differ from PyTorch's because a node before them does, `borrowed` those where it goes
    on from PyTorch's number, with the reason, `lost` those where nothing is known. `single` is what one edge alone sent to a leaf.
    """

    def __init__(self, graph: Graph, found: Judged, keep: frozenset[Place], later: Later) -> None:
        self.strayed: set[Place] = set()
        self.borrowed: dict[Place, str] = {}
        self.lost: dict[Place, str] = {}
        self.single: dict[Place, tuple[torch.Tensor, Contribution]] = {}
        self.ours: dict[Place, torch.Tensor] = {}
        self.theirs: dict[Place, torch.Tensor] = {}
        self._sent: dict[Place, tuple[torch.Tensor, Shown, int]] = {}
        self._found, self._keep, self._later = found, keep, later
        self._share = found.shared = sum(_elements(node) for node in graph.nodes) > BIG

    def send(self, to: Place, ours: torch.Tensor, theirs: torch.Tensor | None, value: Shown = Missing.NOT_RECORDED) -> None:
        """A node sends a gradient to a place: ours, and PyTorch's, whose value is known if it is given."""
        together = ours is theirs and self.ours.get(to) is self.theirs.get(to)
        self.ours[to] = accumulate(self.ours.get(to), ours)
        if theirs is not None:
            self._sent[to] = (theirs, value, theirs._version)
            self.theirs[to] = self.ours[to] if together else accumulate(self.theirs.get(to), theirs)

    def told(self, tensor: torch.Tensor | None) -> Shown:
        """The value of a gradient, its statistics filled in later; that there is none is said."""
        return Missing.NO_GRADIENT if tensor is None else self._later.summarize(tensor)

    def received(self, index: int, output_nr: int = 0) -> torch.Tensor | None:
        """What PyTorch's nodes have sent to a place so far; the direct way feeds its nodes with it."""
        return self.theirs.get((index, output_nr))

    def unknown(self, node: Node) -> str:
        """Why the gradient of a node is not known whole, "" if it is."""
        return next((self.lost[node.index, number] for number in range(len(node.outputs)) if (node.index, number) in self.lost), "")

    def has_strayed(self, node: Node) -> bool:
        """Whether what arrived at a node may differ from PyTorch's for another reason than rounding."""
        return any((node.index, output) in self.strayed for output in range(len(node.outputs)))

    def hand_on(self, node: Node) -> None:
        """Behind a node that was not compared, our chain goes on from PyTorch's number: what depends on it is not ours alone."""
        reason = next(
            (self.borrowed[node.index, number] for number in range(len(node.outputs)) if (node.index, number) in self.borrowed), ""
        )
        for edge in node.edges if reason else ():
            if edge is not None:
                self.borrowed.setdefault((edge.node, edge.output_nr), reason)

    def arrive(self, node: Node, grads: Sequence[torch.Tensor | None]) -> tuple[list[torch.Tensor | None], bool]:
        """Our own upstream gradients, and whether they are PyTorch's too, so that one working serves both."""
        ours: list[torch.Tensor | None] = []
        together = True
        for number, grad in enumerate(grads):
            place = (node.index, number)
            mine, sent = self.ours.pop(place, None), self.theirs.pop(place, None)
            if place in self.lost:
                mine = sent = None
            rewritten = self.written_into(place, sent) or (grad is not None and sent is not None and not same_sum(grad, sent))
            if grad is None or mine is None or (rewritten and place not in self.strayed):
                mine = grad
            same = mine is grad or (grad is not None and mine is not None and self._meet(mine, grad, place))
            together = together and same
            ours.append(mine)
            if grad is not None and place in self._keep:
                self._found.kept[place] = grad
            by_torch = self.value(place, grad)
            self._found.arrived[place] = Arrived(by_torch, by_torch if same else self.told(mine), rewritten)
        return ours, together

    def written_into(self, place: Place, theirs: torch.Tensor | None) -> bool:
        """Whether a hook wrote into the one tensor that was sent to a place."""
        sent, _, version = self._sent.get(place, (None, None, 0))
        return sent is not None and sent is theirs and sent._version != version

    def value(self, place: Place, grad: torch.Tensor | None) -> Shown:
        """The value of what arrived; what one node alone sent was summed up when it was sent."""
        sent, value, version = self._sent.pop(place, (None, Missing.NOT_RECORDED, 0))
        unchanged = sent is not None and sent is grad and sent._version == version
        return value if unchanged and isinstance(value, Value) else self.told(grad)

    def _meet(self, mine: torch.Tensor, grad: torch.Tensor, place: Place) -> bool:
        if mine.layout is not torch.strided or grad.layout is not torch.strided:
            return True
        return (self._share and place not in self.strayed) or torch.equal(mine, grad)


def _elements(node: Node) -> int:
    return sum(math.prod(meta.shape) for meta in node.outputs)


def same_sum(arrived: torch.Tensor, sent: torch.Tensor) -> bool:
    """Whether what arrived is the sum of what was sent, up to the order of adding; if not, a hook rewrote it on the way."""
    if arrived is sent or arrived.layout is not torch.strided or sent.layout is not torch.strided or torch.equal(arrived, sent):
        return True
    return compare(arrived, sent, 4 * unit(sent.dtype)).verdict is Verdict.AGREES

"""What a gradient depends on, and how: its own derivative, by our rules and by PyTorch's nodes, down to what the node took in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from byhand.chain_rule import Operands, accumulate, contribute, receive
from byhand.direct import judge_directly
from byhand.errors import NoRule
from byhand.graph import Node
from byhand.judged import Judged
from byhand.recording.direct import run_node
from byhand.recording.saved import Saved
from byhand.second.bounded import Between, Spot, read_between

Derivatives = dict[Spot, torch.Tensor]
Sums = dict[tuple[int, int], torch.Tensor]


class Paths:
    """The graph behind some gradients (by edge), and the directions along which they are to be differentiated."""

    def __init__(self, gradients: Mapping[int, torch.Tensor], directions: Mapping[int, torch.Tensor], known: Callable[[Any], bool]) -> None:
        along = [number for number in directions if number in gradients and gradients[number].requires_grad]
        self.directions = tuple(directions[number].to(gradients[number].dtype) for number in along)
        self.between: Between = read_between([gradients[number] for number in along], known)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the nodes."""
        return tuple(node.name for node in self.between.graph.nodes)

    @property
    def nodes(self) -> list[Any]:
        """PyTorch's nodes between the gradients and the ends."""
        return [live for index, live in enumerate(self.between.live) if index not in self.between.ends]


def by_hand(paths: Paths, *, foreign: bool = False) -> Derivatives:
    """The derivative along the directions, by our rules. Raises NoRule, and what reading a saved value raises.

    With `foreign`, custom Functions on the way are asked themselves.
    """
    graph, live, ends = paths.between
    sums: Sums = {}
    for root, direction in zip(graph.roots, paths.directions, strict=True):
        add(sums, (root.node, root.output_nr), direction)
    for node, handle in zip(graph.nodes, live, strict=True):
        grads = [sums.pop((node.index, number), None) for number in range(len(node.outputs))] if not node.leaf else []
        if any(grad is not None for grad in grads):
            try:
                _by_rules(node, handle, grads, sums)
            except NoRule:
                if not foreign or not hasattr(type(handle), "_forward_cls"):
                    raise
                _by_itself(node, handle, grads, sums)
    return {ends[index]: total for (index, _), total in sums.items()}


def _by_rules(node: Node, handle: Any, grads: Sequence[torch.Tensor | None], sums: Sums) -> None:
    operands = Operands(node, grads, Saved(handle))
    for number, edge in enumerate(node.edges):
        if edge is not None:
            add(sums, (edge.node, edge.output_nr), contribute(node, number, operands).received)


def _by_itself(node: Node, handle: Any, grads: Sequence[torch.Tensor | None], sums: Sums) -> None:
    for edge, given in zip(node.edges, run_node(node, handle, grads), strict=False):
        if edge is not None and given is not None:
            add(sums, (edge.node, edge.output_nr), receive(given, edge))


def by_torch(paths: Paths) -> tuple[Derivatives, Judged]:
    """The same by PyTorch's own nodes, and what our rules say to each of them."""
    graph, live, ends = paths.between
    places = frozenset((index, 0) for index in ends)
    judged = judge_directly(graph, live, paths.directions, identify=lambda _: "", told=lambda _: None, keep=places)
    return {ends[index]: total for (index, _), total in judged.kept.items()}, judged


def add(sums: dict[Any, torch.Tensor], key: Any, contribution: torch.Tensor) -> None:
    """Add a contribution to the sum for one place."""
    sums[key] = accumulate(sums.get(key), contribution)

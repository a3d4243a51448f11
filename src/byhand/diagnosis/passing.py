"""One backward pass of the program while it runs, as the families of faults see it."""

import weakref
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import torch

from byhand.diagnosis.world import World, origin_of
from byhand.graph import Graph, Origin
from byhand.recording.describe import Describer, Description
from byhand.recording.engine import Started
from byhand.recording.frames import user_frame


class Passing:
    """One backward pass. Its nodes are those of `graph`, in the same order in `live`; it lives no longer than the pass.

    `number` counts the passes from 1, `turn` those that were started at the same place in the program. `closely` says that every node is
    told, not only those that send something that is not finite: in the first passes of each place, and in ever rarer later ones. `ran`
    are the nodes that ran so far, leaves aside.
    """

    def __init__(self, started: Started, world: World, frame: Any, *, number: int, turn: int, direct: bool = False) -> None:
        self.direct = direct  # no engine runs: nodes are asked one by one, and no `.grad` changes
        self.started, self.world, self._frame = started, world, frame
        self.number, self.turn = number, turn
        self.closely = turn <= 3 or turn & (turn - 1) == 0
        self.ran: set[int] = set()

    def let_go(self) -> None:
        """The pass is over: hold no frame of the program, which would hold us in turn."""
        self._frame = None

    @property
    def graph(self) -> Graph:
        """The graph as plain data: nodes from the loss on, each before those it leads to."""
        return self.started.graph

    @property
    def live(self) -> Sequence[Any]:
        """PyTorch's own nodes."""
        return self.started.live

    @property
    def roots(self) -> tuple[Any, ...]:
        """What backward was called on: tensors, or gradient edges."""
        return self.started.roots

    @property
    def kind(self) -> str:
        """Either "backward" or "grad"."""
        return self.started.kind

    @cached_property
    def origin(self) -> Origin | None:
        """The user's line that called backward."""
        return origin_of(user_frame(self._frame)[0])

    @cached_property
    def code(self) -> Any:
        """The user's code that called backward; None if there is none."""
        frame = user_frame(self._frame)[0]
        return frame.f_code if frame is not None else None

    @cached_property
    def leaves(self) -> dict[torch.Tensor, int]:
        """The leaves that the pass reaches, and the index of their node."""
        return {self.live[node.index].variable: node.index for node in self.graph.nodes if node.leaf}

    @cached_property
    def reached(self) -> frozenset["weakref.ref[torch.Tensor]"]:
        """The same leaves, as weak references that may be kept."""
        return frozenset(weakref.ref(tensor) for tensor in self.leaves)

    @cached_property
    def describer(self) -> Describer:
        """Who knows the user's names for the nodes; looking around takes a while, so only where there is something to say."""
        variables = self.world.look_around(self._frame)
        return Describer(self.graph, list(self.live), self.world.calls(), variables, self.world.recorder.models)

    def describe(self, index: int) -> Description:
        """A node as the user wrote it: names, expression, line, module, the number of its call in `world.calls()`."""
        return self.describer.describe(self.graph.nodes[index])

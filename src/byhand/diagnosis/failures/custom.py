"""The node whose backward stopped a pass by what it returned, in the user's words: most often a custom Function's."""

from functools import cached_property

from byhand.diagnosis.failures.stuck import called, ready
from byhand.diagnosis.failures.words import at, quoted
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import nearest_leaf
from byhand.graph import Edge, Origin
from byhand.recording.declared import functions
from byhand.results import Function


class Custom:
    """One input of the node of this name that was ready to run. Without an edge it is the input that is a weight itself, if one is."""

    def __init__(self, passing: Passing, name: str, edge: int | None = None) -> None:
        self.passing = passing
        nodes = [node for node in ready(passing) if name in (passing.live[node.index].name(), node.name)]
        self.node = max(nodes, key=lambda node: node.sequence, default=None)
        self.name = name
        self.edge = self._weight_itself() if edge is None else edge
        self.said = passing.describe(self.node.index) if self.node is not None else None

    def _weight_itself(self) -> int:
        edges = self.node.edges if self.node is not None else ()
        return next((number for number, each in enumerate(edges) if each is not None and self.passing.graph.nodes[each.node].leaf), 0)

    @cached_property
    def function(self) -> Function | None:
        """What its class says about itself; None of PyTorch's own node."""
        return functions(self.passing.graph, self.passing.live).get(self.node.index) if self.node is not None else None

    @property
    def where(self) -> Origin | None:
        """The line that applied it."""
        return self.said.origin if self.said is not None and self.said.origin else self.passing.origin

    @property
    def taken(self) -> Edge | None:
        """The edge to the input."""
        return self.node.edges[self.edge] if self.node is not None and self.edge < len(self.node.edges) else None

    @property
    def parameter(self) -> str:
        """The input by the parameter of forward."""
        return self.function.inputs[self.edge] if self.function is not None and self.edge < len(self.function.inputs) else ""

    @property
    def input(self) -> str:
        """The input by what the user gave."""
        return called(self.passing.describe(self.taken.node), self.taken.output_nr) if self.taken is not None else ""

    @property
    def weight(self) -> str:
        """The leaf behind this input that is nearest; else what the user gave."""
        start = self.passing.graph.nodes[self.taken.node] if self.taken is not None else self.node
        leaf = nearest_leaf(self.passing.graph, start) if start is not None else None
        return (self.passing.describe(leaf.index).names[0] if leaf is not None else "") or self.input or self.name

    @property
    def target(self) -> str:
        """The input in words."""
        named = f" (here {quoted(self.input)})" if self.input and self.input != self.parameter else ""
        return f"{quoted(self.parameter)}{named}" if self.parameter else f"input {self.edge}{named}"

    @property
    def backward(self) -> str:
        """Its backward, and where that is written."""
        if self.function is None:
            return f"PyTorch's {self.name}"
        place = self.function.backward
        return f"{quoted(f'{self.function.name}.backward')}{f' ({at(place, self.where)})' if place else ''}"

"""Which tensor of an earlier pass is still in the graph of a pass that stopped because its values were given back."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from byhand.diagnosis.failures.stuck import Stuck, border, called, named, operation, packed_names, stuck
from byhand.diagnosis.failures.words import at, both, holder, quoted, together
from byhand.diagnosis.kinds.failures import FreedGraph
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.typed import assignment, enclosed
from byhand.diagnosis.ways import edges
from byhand.errors import GraphFreed
from byhand.findings import Finding
from byhand.graph import Graph, Node, Origin
from byhand.recording.describe import Description
from byhand.recording.naming import written
from byhand.words import plain

_KEPT = "retain_graph=True"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A backward pass that is over: its graph as plain data, where it was called, and the number of the next node when it began."""

    number: int
    graph: Graph
    origin: Origin | None
    mark: int

    def has(self, sequence: int) -> bool:
        """Whether a node was part of it."""
        return any(node.sequence == sequence for node in self.graph.nodes if not node.leaf)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the graph of the pass that stopped enters what an earlier pass had used up: a place, what made it, what the user calls it."""

    place: tuple[int, int]
    said: Description
    name: str


def freed(passing: Passing, before: Sequence[Earlier]) -> Finding:
    """The story of a pass that met a freed graph."""
    found = stuck(passing, GraphFreed)
    earlier = next((each for each in reversed(before) if found is not None and each.has(found.node.sequence)), None)
    if found is None or earlier is None:
        return _unknown(passing)
    return _Told(passing, found, earlier).finding()


def _unknown(passing: Passing) -> Finding:
    loss = _loss(passing)
    return FreedGraph.found(
        loss,
        passing.origin,
        what=f"The graph of {quoted(loss)} has a part whose values an earlier backward has already given back.",
        why="That pass is not among the last ones that byhand remembers, so which tensor was kept from it cannot be told.",
        fix=f"Work out {quoted(loss)} anew before each backward; detach what is carried from step to step: `state = state.detach()`.",
    )


def _loss(passing: Passing) -> str:
    root = passing.graph.roots[0]
    return called(passing.describe(root.node), root.output_nr) or "loss"


def _entries(passing: Passing, places: Sequence[tuple[int, int]]) -> list[Entry]:
    """The places with what the user calls them; those that have no name by the tuple they came in, else by what made them."""
    described = sorted(((place, passing.describe(place[0])) for place in places), key=lambda each: _made(passing, each[0]))
    names = [_listed(passing, place) or named(said, place[1]) for place, said in described]
    if not any(names):
        tuples = [packed_names(passing.world.calls(), said.call) for _, said in described]
        names = [each[min(position, len(each) - 1)] if each else "" for position, each in enumerate(tuples)]
    return [
        Entry(place, said, name or said.expression or passing.graph.nodes[place[0]].name)
        for (place, said), name in zip(described, names, strict=True)
    ]


def _made(passing: Passing, place: tuple[int, int]) -> tuple[int, int]:
    """When an output was made, for the order of the program."""
    return passing.graph.nodes[place[0]].sequence, place[1]


def _listed(passing: Passing, place: tuple[int, int]) -> str:
    """The part of a list that holds a value, if the list is what the program handed on: `torch.cat(memory)`."""
    parts = [name for name, places in passing.describer.names().items() if place in places and holder(name) != name]
    if not parts:
        return ""
    calls = passing.world.calls()
    takers = [passing.describe(node.index).call for node in passing.graph.nodes if any(edge.node == place[0] for edge in edges(node))]
    written_there = [written(calls[number].code, calls[number].instruction) for number in takers if number >= 0 and calls[number].code]
    texts = {operand.text for each in written_there for operand in each.operands}
    return next((name for name in parts if holder(name) in texts), "")


class _Told:
    """One story: the entries into the old part of the graph, and which of the usual cases it is."""

    def __init__(self, passing: Passing, found: Stuck, earlier: Earlier) -> None:
        self.passing, self.found, self.earlier = passing, found, earlier
        places = border(passing.graph, self._old(), found.node.index)
        self.entries = _entries(passing, places)
        self.loss = _loss(passing)
        self.where = passing.origin
        self.case = self._case()

    def _old(self) -> Callable[[Node], bool]:
        """Which nodes are from before: all that were made before the earlier pass; where the loss itself was, those that this pass used."""
        graph, mark = self.passing.graph, self.earlier.mark
        if any(graph.nodes[root.node].sequence >= mark for root in graph.roots):
            return lambda node: not node.leaf and node.sequence < mark
        used = {node.sequence for node in self.earlier.graph.nodes if not node.leaf}
        return lambda node: not node.leaf and node.sequence in used

    def finding(self) -> Finding:
        """The finding of this case."""
        kept, first = together([each.name for each in self.entries]), self._first()
        made = f", made at {self._at(first.said.origin)}," if first.said.origin else ""
        stopped = operation(self.passing.describe(self.found.node.index), self.found.node)
        earlier = " of an earlier step" if self.case == "carried" else ""
        return FreedGraph.found(
            kept[0],
            self.where,
            what=f"{both([quoted(name) for name in kept])}{earlier}{made} {'is' if len(kept) == 1 else 'are'} {self._still()}. "
            f"Backward pass {self.passing.number:,} stopped at {stopped}, whose values pass {self.earlier.number:,} "
            f"at {self._at(self.earlier.origin)} had used and given back.",
            why=self._chain(kept),
            fix=self._fix(kept),
            cause=self.case,
            passes=(self.earlier.number, self.passing.number),
        )

    def _first(self) -> Entry:
        """The entry to name: one that the user named, if there is one."""
        return next((each for each in self.entries if named(each.said, each.place[1])), self.entries[-1])

    def _at(self, origin: Origin | None) -> str:
        return at(origin, self.where)

    def _case(self) -> str:
        """What the program did: called backward again, on two losses of one forward, or carried something over."""
        roots = {(root.node, root.output_nr) for root in self.passing.graph.roots}
        if roots <= {each.place for each in self.entries}:
            return "again"
        if all(self.passing.graph.nodes[node].sequence < self.earlier.mark for node, _ in roots):
            return "two-losses"
        if self._made_again(self._first().said.call) and not self._still_bound(self._first()):
            return "carried"
        return "once" if self.passing.origin == self.earlier.origin else "shared"

    def _still_bound(self, entry: Entry) -> bool:
        """Whether the variable of this name holds the old value to this moment: then no step has put a new one there."""
        tensor = self.passing.describer.variable_at(*entry.place)
        return tensor is not None and self.passing.describer.name_of(tensor) == entry.name and holder(entry.name) == entry.name

    def _made_again(self, number: int) -> bool:
        """Whether the same place in the program made its tensor once more since the earlier pass."""
        calls = self.passing.world.calls()
        if number < 0 or calls[number].code is None:
            return False
        site = calls[number].code, calls[number].instruction
        return any((call.code, call.instruction) == site and call.start >= self.earlier.mark for call in calls[number + 1 :])

    def _summed(self) -> bool:
        """Whether what was carried over is the loss that the earlier pass started from: a running total."""
        root = self.earlier.graph.nodes[self.earlier.graph.roots[0].node]
        return self.passing.graph.nodes[self._first().place[0]].sequence == root.sequence

    def _still(self) -> str:
        match self.case:
            case "again":
                return "the loss of both passes: its graph was gone through before"
            case "two-losses":
                return f"in the graphs of two losses, and each of them was sent back on its own: now {quoted(self.loss)}"
        return f"still in the graph of {quoted(self.loss)}, with all that led to it before pass {self.earlier.number:,}"

    def _chain(self, kept: Sequence[str]) -> str:
        name = both([quoted(each) for each in kept])
        entry = f"{name} ({self._at(self._first().said.origin)})"
        steps = [entry, f"pass {self.earlier.number:,} ({self._at(self.earlier.origin)}) goes through it and gives its values back"]
        if self.case != "again":
            steps.append(f"{quoted(self.loss)} is made of it too")
        steps.append(f"pass {self.passing.number:,} ({self._at(self.where)}) needs the values once more ✂")
        return " → ".join(steps) + "."

    def _fix(self, kept: Sequence[str]) -> str:
        match self.case:
            case "again":
                return self._fix_again()
            case "two-losses":
                return self._fix_two()
            case "carried":
                return self._fix_carried(kept)
            case "once":
                return self._fix_once(kept)
        return (
            f"If the pass at {self._at(self.earlier.origin)} shall not train what is behind {quoted(kept[0])}, give it "
            f"`{kept[0]}.detach()`; else add the two losses and call backward once. {self._retaining()}"
        )

    def _retaining(self) -> str:
        return f"Only if two passes are really wanted, give `{_KEPT}` to the one at {self._at(self.earlier.origin)}."

    def _fix_again(self) -> str:
        again = f"work out {quoted(self.loss)} again, from the forward on, before each backward"
        if self.where == self.earlier.origin:
            return f"{again[0].upper()}{again[1:]}. {self._retaining()}"
        calls = f"{self._at(self.earlier.origin)} and {self._at(self.where)}"
        return f"Leave out one of the two calls of backward, at {calls}; or {again}. {self._retaining()}"

    def _fix_two(self) -> str:
        text = self.earlier.origin.text if self.earlier.origin and self.earlier.origin != self.where else ""
        other = re.search(r"([\w.]+)\.backward\(", text)
        both_losses = f"({other.group(1)} + {self.loss})" if other and other.group(1) != self.loss else "sum(losses)"
        return f"Write `{both_losses}.backward()` once, in the place of both; the gradients are the same sums. {self._retaining()}"

    def _fix_carried(self, kept: Sequence[str]) -> str:
        if self._summed():
            return (
                f"Call backward on the loss of this step alone. If {quoted(kept[0])} is for a log, {self._logged(kept[0])}; if it is the "
                "sum of many losses, call backward once, after the loop."
            )
        wrote = "; ".join(self._detached(name) for name in kept[:3])
        return (
            f"Detach between the steps: `{wrote}` after the backward at {self._at(self.earlier.origin)}. The gradient then goes back "
            "through one step. To go back through all, add up the losses and call backward once, after the loop. "
            f"`{_KEPT}` does not help here: the optimizer changes the weights that the older steps need."
        )

    def _logged(self, name: str) -> str:
        """What to write for a running total that is only looked at."""
        made = self._first().said.origin
        target, sign, value = assignment(made.text) if made is not None else ("", "", "")
        if target != name:
            return "add `.item()` of the loss to it"
        new = f"{name} = {enclosed(value)}.detach()" if sign == "=" else f"{name} {sign} {enclosed(value)}.item()"
        return f"write `{new}` ({self._at(made)})"

    def _detached(self, name: str) -> str:
        parts = [each.name for each in self.entries if holder(each.name) == name]
        if len(parts) == 1 and parts[0] == name:
            return f"{name} = {name}.detach()"
        listed = parts[0] != name
        return f"{name} = {'' if listed else 'tuple'}{'[' if listed else '('}each.detach() for each in {name}{']' if listed else ')'}"

    def _fix_once(self, kept: Sequence[str]) -> str:
        if self.passing.kind == "grad":
            return (
                f"For the rows of one Jacobian write `torch.autograd.functional.jacobian`; or `{_KEPT}` in every pass but the last, at "
                f"{self._at(self.where)}; else work out {quoted(kept[0])} anew before each."
            )
        first = self._first()
        line = f"`{kept[0]} = {plain(first.said.expression)}`" if first.said.expression else f"the line that makes {quoted(kept[0])}"
        line += f" ({self._at(first.said.origin)})" if first.said.origin else ""
        return (
            f"Move {line} to where every step works it out anew, after the backward before. If what is behind {quoted(kept[0])} shall "
            "not be trained, write `.detach()` there."
        )

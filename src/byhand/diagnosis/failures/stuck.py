"""Where a backward pass stopped, and how the graph leads there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import consumers, edges
from byhand.errors import ByhandError, Unreadable
from byhand.graph import Graph, Node
from byhand.recording.calls import Call, Returned
from byhand.recording.describe import Description
from byhand.recording.naming import written
from byhand.recording.saved import Saved, packed, recognised
from byhand.words import plain


@dataclass(frozen=True, slots=True)
class Stuck:
    """The node that could not run, and the names of what it had saved and cannot read any more."""

    node: Node
    live: Any
    saved: tuple[str, ...]


def stuck(passing: Passing, problem: type[ByhandError]) -> Stuck | None:
    """The node at which PyTorch stopped: of those that were ready, the last one made that has this problem with what it saved."""
    for node in sorted(ready(passing), key=lambda node: -node.sequence):
        live = passing.live[node.index]
        names = tuple(name for name, found in unreadable(live) if isinstance(found, problem))
        if names:
            return Stuck(node, live, names)
    return None


def ready(passing: Passing) -> Iterator[Node]:
    """The nodes that got a gradient and did not run."""
    roots = {root.node for root in passing.graph.roots}
    users = consumers(passing.graph)
    for node in passing.graph.nodes:
        if (
            not node.leaf
            and node.index not in passing.ran
            and (node.index in roots or any(each in passing.ran for each in users[node.index]))
        ):
            yield node


def unreadable(live: Any) -> Iterator[tuple[str, ByhandError]]:
    """What a node saved and cannot read any more, with the reason."""
    if isinstance(live, torch.autograd.function.BackwardCFunction):
        yield from _of_function(live)
        return
    saved = Saved(live)
    for attribute in dir(type(live)):
        if attribute.startswith("_saved_"):
            name = attribute.removeprefix("_saved_")
            try:
                saved[name]
            except Unreadable:
                continue
            except ByhandError as found:
                yield name, found


def _of_function(live: Any) -> Iterator[tuple[str, ByhandError]]:
    if packed(live):
        return
    try:
        _ = live.saved_tensors
    except RuntimeError as found:
        known = recognised(found, live.name(), "tensors")
        if known is not None:
            yield "tensors", known


def border(graph: Graph, old: Callable[[Node], bool], target: int) -> list[tuple[int, int]]:
    """Where the way from the roots to a node enters what is old: nodes and outputs, nearest to the roots first."""
    leading = _leading(graph, target)
    places = [(root.node, root.output_nr) for root in graph.roots]
    met, found = set(places), []
    for place in places:
        node = graph.nodes[place[0]]
        if node.index in leading and old(node):
            found.append(place)
        elif node.index in leading:
            following = [(edge.node, edge.output_nr) for edge in edges(node)]
            places += [each for each in dict.fromkeys(following) if each not in met]
            met.update(following)
    return found


def _leading(graph: Graph, target: int) -> set[int]:
    """The nodes from which a node can be reached, itself included."""
    users, waiting, found = consumers(graph), [target], {target}
    for index in waiting:
        waiting += [each for each in users[index] if each not in found]
        found.update(users[index])
    return found


def called(said: Description, output_nr: int = 0) -> str:
    """What the user calls a value: its name, else the expression that made it."""
    return named(said, output_nr) or said.expression


def operation(said: Description, node: Node) -> str:
    """An operation as it stands in a sentence: its expression, or PyTorch's name for it and the module it is in."""
    module = f" of `{said.module}`" if said.module else ""
    return f"`{plain(said.expression)}`{module}" if said.expression else f"{node.name}{module}"


def named(said: Description, output_nr: int = 0) -> str:
    """The user's name of a value, "" if it has none."""
    return said.names[output_nr] if output_nr < len(said.names) else ""


def packed_names(calls: Sequence[Call], number: int) -> list[str]:
    """The names of what a module gave in a tuple inside its result (`out, state = lstm(x, state)`), for a call that was made in it."""
    if number < 0:
        return []
    site = calls[number].code, calls[number].instruction
    for call in calls[number + 1 :]:
        if isinstance(call.results, Returned) and (call.code, call.instruction) == site and call.code is not None:
            target = written(call.code, call.instruction).target
            if isinstance(target, tuple) and len(target) == len(call.results.places):
                parts = [each for each, (sequence, _) in zip(target, call.results.places, strict=True) if sequence < 0]
                return [name for part in parts for name in (part if isinstance(part, tuple) else (part,)) if isinstance(name, str)]
    return []

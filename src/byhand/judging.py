"""Works one backward pass by hand beside PyTorch's, node by node, and keeps no tensor it does not still need."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.chain_rule import Operands, SavedValues, Worked, accumulate, contribute, receive, settle
from byhand.comparison import UNITS, closely, compare, unit
from byhand.drift import Drift
from byhand.errors import ByhandError, NoRule, Unreadable
from byhand.graph import Edge, Graph, Node
from byhand.judged import Arrived, Judged, Place, fault, not_made, overwritten, told
from byhand.opinions import Second
from byhand.recording.later import Later
from byhand.recording.summary import shown, summarize, unworkable
from byhand.results import UNASKED, Comparison, Contribution, Operand, Verdict
from byhand.rounding import Movement, spread
from byhand.value import WHOLE, Missing, Shown, Value, magnitude

BIG = 1 << 14  # elements; in larger graphs our chain goes on from PyTorch's own gradient wherever the two still agree


class Judge:
    """Takes the nodes of one graph in the order in which PyTorch's engine runs them.

    `seeds` are the gradients that backward started from, one for each root. `partial` says that the caller asked for some inputs
    only, so that PyTorch leaves other contributions out.
    """

    def __init__(
        self,
        graph: Graph,
        seeds: Sequence[torch.Tensor],
        *,
        source: str,
        partial: bool = False,
        identify: Callable[[torch.Tensor], str] = lambda tensor: "",
        keep: frozenset[Place] = frozenset(),
    ) -> None:
        self.found = Judged()
        self._graph, self._source, self._partial, self._identify = graph, source, partial, identify
        self._keep = keep
        self._ours: dict[Place, torch.Tensor] = {}
        self._theirs: dict[Place, torch.Tensor] = {}
        self._strayed: set[Place] = set()
        self._borrowed: dict[Place, str] = {}
        self._sent: dict[Place, tuple[torch.Tensor, Shown, int]] = {}
        self._lost: dict[Place, str] = {}
        self._single: dict[Place, tuple[torch.Tensor, Contribution]] = {}
        self._later = Later(remember=True)
        self._rounding = unit(*{meta.dtype for node in graph.nodes[:64] for meta in node.outputs})
        self._drift, self._moved = Drift(), 0.0
        self._share = self.found.shared = sum(_elements(node) for node in graph.nodes) > BIG
        for root, seed in zip(graph.roots, seeds, strict=True):
            self._send((root.node, root.output_nr), seed, seed)

    def node(self, index: int, grads: Sequence[torch.Tensor | None], theirs: Sequence[torch.Tensor | None], saved: SavedValues) -> None:
        """One node ran: `grads` arrived at its outputs, `theirs` is what PyTorch sent to its inputs."""
        node = self._graph.nodes[index]
        try:
            self._node(node, grads, theirs, saved)
        except ByhandError:
            raise
        except Exception as problem:
            self.not_run(node, fault(problem))

    def interrupted(self) -> None:
        """Somebody broke the pass off: what was found out so far is all there is."""
        self.found.interrupted = True

    def settle(self) -> Judged:
        """What was found out, with nothing left to be filled in."""
        self._later.settle()
        return self.found

    def _told(self, tensor: torch.Tensor | None) -> Shown:
        """The value of a gradient, its statistics filled in later; that there is none is said."""
        return Missing.NO_GRADIENT if tensor is None else self._later.summarize(tensor)

    def not_run(self, node: Node, reason: str) -> None:
        """What a node sends is not known, nor what depends on it."""
        made = []
        for number, edge in enumerate(node.edges):
            if edge is not None:
                to = (edge.node, edge.output_nr)
                self._lost.setdefault(to, reason)
                made.append(not_made(number, to, reason, self._source))
        self.found.contributions[node.index] = tuple(made)

    def unknown(self, node: Node) -> str:
        """Why the gradient of a node is not known whole, "" if it is."""
        return next((self._lost[node.index, number] for number in range(len(node.outputs)) if (node.index, number) in self._lost), "")

    def _node(self, node: Node, grads: Sequence[torch.Tensor | None], theirs: Sequence[torch.Tensor | None], saved: SavedValues) -> None:
        reason = next(filter(None, (unworkable(grad) for grad in (*grads, *theirs) if grad is not None)), "")
        if reason:
            self._pass_on(node, theirs, reason)
            return
        ours, together = self._arrive(node, grads)
        second = Second.of(node, grads, grads if together else ours, saved)
        operands = Operands(node, grads, saved)
        own = operands if together else Operands(node, ours, saved)
        made = []
        for number, edge in enumerate(node.edges):
            if edge is not None:
                their = theirs[number] if number < len(theirs) else None
                if second is None:
                    made.append(self._edge(node, number, edge, their, operands, own))
                else:
                    made.append(self._opined(node, number, edge, their, second))
        write = getattr(saved, "write", None)
        self.found.contributions[node.index] = tuple(made) if write is None else tuple(overwritten(each, write) for each in made)
        self.found.saved[node.index] = self._read(operands)
        self._hand_on(node)

    def _opined(self, node: Node, number: int, edge: Edge, theirs: torch.Tensor | None, second: Second) -> Contribution:
        """One edge of a node without rule, by its second opinion."""
        to = (edge.node, edge.output_nr)
        if theirs is None and self._partial:
            return not_made(number, to, UNASKED, self._source)
        theirs = theirs if theirs is None else receive(theirs, edge)
        try:
            weighed = second.weigh(number, edge, theirs, self._source)
        except ByhandError as problem:
            return self._unjudged(node, number, to, theirs, Verdict.NOT_COMPARED, problem.why)
        except Exception as problem:
            return self._unjudged(node, number, to, theirs, Verdict.NOT_COMPARED, fault(problem))
        verdict = weighed.comparison.verdict
        if verdict is Verdict.NOT_COMPARED:
            return replace(self._unjudged(node, number, to, theirs, verdict, ""), comparison=weighed.comparison)
        if verdict is Verdict.DIFFERS or (verdict is not Verdict.INTENDED and self._has_strayed(node)):
            self._strayed.add(to)
        if verdict is Verdict.INTENDED and self._has_strayed(node):
            self._borrowed.setdefault(to, f"it depends on {node.name}, which differs as declared, and on a wrong gradient before it")
        by_torch = self._told(theirs)
        places = tuple((node.index, output) for output in range(len(node.outputs)))
        rounding = unit(edge.meta.dtype, *second.dtypes)
        self._drift.sent(to, by_torch, rounding, weighed.comparison.floor / UNITS, places)
        chained = theirs if verdict is Verdict.INTENDED or weighed.chained is None else weighed.chained
        if chained is not None:
            self._send(to, chained, theirs, by_torch)
        by_hand = Missing.NOT_COMPUTED if weighed.received is None else summarize(weighed.received)
        return Contribution(number, to, None, by_hand, by_torch, weighed.comparison, opinion=second.by)

    def _has_strayed(self, node: Node) -> bool:
        return any((node.index, output) in self._strayed for output in range(len(node.outputs)))

    def _hand_on(self, node: Node) -> None:
        """Behind a node that was not compared, our chain goes on from PyTorch's number: what depends on it is not ours alone."""
        reason = next(
            (self._borrowed[node.index, number] for number in range(len(node.outputs)) if (node.index, number) in self._borrowed), ""
        )
        for edge in node.edges if reason else ():
            if edge is not None:
                self._borrowed.setdefault((edge.node, edge.output_nr), reason)

    def _pass_on(self, node: Node, theirs: Sequence[torch.Tensor | None], reason: str) -> None:
        edges = [(number, (edge.node, edge.output_nr)) for number, edge in enumerate(node.edges) if edge is not None]
        self.found.contributions[node.index] = tuple(
            self._unjudged(node, number, to, theirs[number], Verdict.NOT_COMPARED, reason) for number, to in edges
        )

    def _read(self, operands: Operands) -> tuple[Operand, ...]:
        """What the rules of one node used, by the user's name where one is known; of large nameless tensors the shape."""
        found = []
        for parameter, value in operands.read().items():
            if isinstance(value, torch.Tensor):
                name = self._identify(value)
                nameless = not name and value.numel() > WHOLE
                seen = Value(tuple(value.shape), str(value.dtype).removeprefix("torch.")) if nameless else self._later.summarize(value)
                found.append(Operand(parameter, name, seen, constant=True))
            elif isinstance(value, int | float | complex):
                found.append(Operand(parameter, "", shown(value), constant=True))
        return tuple(found)

    def leaf(self, index: int, grad: torch.Tensor | None) -> None:
        """A leaf's gradient is complete: compare what our chain and PyTorch's nodes sent to it."""
        reason = self.unknown(self._graph.nodes[index]) or ("" if grad is None else unworkable(grad))
        try:
            if not reason:
                self._leaf(index, grad)
        except Exception as problem:
            reason = fault(problem)
        if reason:
            self.found.arrived[index, 0] = Arrived(told(grad) if self._source == "engine" else Missing.NOT_COMPUTED)
            self.found.leaves[index] = Comparison(Verdict.NOT_COMPARED, reason=reason, source=self._source)

    def _leaf(self, index: int, grad: torch.Tensor | None) -> None:
        place = (index, 0)
        ours, theirs = self._ours.pop(place, None), self._theirs.pop(place, None)
        single, made = self._single.pop(place, (None, None))
        arrived = self.found.arrived[place] = Arrived()
        sent = theirs if theirs is not None else grad
        if sent is None:
            return
        if place in self._keep:
            self.found.kept[place] = sent
        reason = self._borrowed.get(place) or ("" if ours is not None else "nothing was sent to it by hand")
        if self._written_into(place, sent):
            arrived.rewritten = True
            reason = reason or "a hook wrote into the gradient that was sent to it"
        arrived.by_torch = self._value(place, sent)
        if reason or ours is None:
            arrived.by_hand = Missing.NOT_COMPARED
            self.found.leaves[index] = Comparison(Verdict.NOT_COMPARED, reason=reason, source=self._source)
            return
        arrived.rewritten = grad is not None and theirs is not None and not _same_sum(grad, theirs)
        if made is not None and single is ours and sent is theirs and made.comparison.verdict is Verdict.AGREES:
            arrived.by_hand = made.by_hand
            self.found.leaves[index] = made.comparison
            return
        arrived.by_hand = self._later.summarize(ours)
        self.found.leaves[index] = self._whole(place, ours, sent)

    def _whole(self, place: Place, ours: torch.Tensor, sent: torch.Tensor) -> Comparison:
        """The gradient of a leaf, as our whole chain gives it, beside PyTorch's."""
        rounding = max(self._rounding, unit(ours.dtype))
        near = closely(ours, sent, UNITS * rounding, source=self._source)
        if near is not None:
            return near
        self._later.settle()
        # every node behind it agreed: what is left is rounding that added up; behind a difference there is no such excuse
        scale = 0.0 if place in self._strayed else self._drift.largest * max(1.0, len(self._graph.nodes) ** 0.5 / 8)
        scale = max(scale, self._drift.at(place) / (UNITS * rounding)) if scale and rounding else scale
        return compare(ours, sent, rounding, scale=scale, source=self._source)

    def stopped(self, index: int, output_nr: int, grad: torch.Tensor) -> None:
        """The gradient of a place that was asked for by itself, whose node did not run."""
        if self._graph.nodes[index].leaf:
            self.leaf(index, grad)
            return
        place = (index, output_nr)
        ours = self._ours.pop(place, None)
        self._theirs.pop(place, None)
        self.found.arrived[place] = Arrived(summarize(grad), told(ours))

    def received(self, index: int, output_nr: int = 0) -> torch.Tensor | None:
        """What PyTorch's nodes have sent to a place so far; the direct way feeds its nodes with it."""
        return self._theirs.get((index, output_nr))

    def _arrive(self, node: Node, grads: Sequence[torch.Tensor | None]) -> tuple[list[torch.Tensor | None], bool]:
        """Our own upstream gradients, and whether they are PyTorch's too, so that one working serves both."""
        ours: list[torch.Tensor | None] = []
        together = True
        for number, grad in enumerate(grads):
            place = (node.index, number)
            mine, sent = self._ours.pop(place, None), self._theirs.pop(place, None)
            if place in self._lost:
                mine = sent = None
            rewritten = self._written_into(place, sent) or (grad is not None and sent is not None and not _same_sum(grad, sent))
            if grad is None or mine is None or (rewritten and place not in self._strayed):
                mine = grad
            same = mine is grad or (grad is not None and mine is not None and self._meet(mine, grad, place))
            together = together and same
            ours.append(mine)
            if grad is not None and place in self._keep:
                self.found.kept[place] = grad
            by_torch = self._value(place, grad)
            self.found.arrived[place] = Arrived(by_torch, by_torch if same else self._told(mine), rewritten)
        return ours, together

    def _written_into(self, place: Place, theirs: torch.Tensor | None) -> bool:
        """Whether a hook wrote into the one tensor that was sent to a place."""
        sent, _, version = self._sent.get(place, (None, None, 0))
        return sent is not None and sent is theirs and sent._version != version

    def _value(self, place: Place, grad: torch.Tensor | None) -> Shown:
        """The value of what arrived; what one node alone sent was summed up when it was sent."""
        sent, value, version = self._sent.pop(place, (None, Missing.NOT_RECORDED, 0))
        unchanged = sent is not None and sent is grad and sent._version == version
        return value if unchanged and isinstance(value, Value) else self._told(grad)

    def _meet(self, mine: torch.Tensor, grad: torch.Tensor, place: Place) -> bool:
        if mine.layout is not torch.strided or grad.layout is not torch.strided:
            return True
        return (self._share and place not in self._strayed) or torch.equal(mine, grad)

    def _edge(self, node: Node, number: int, edge: Edge, theirs: torch.Tensor | None, operands: Operands, own: Operands) -> Contribution:
        to = (edge.node, edge.output_nr)
        if theirs is None and self._partial:
            return not_made(number, to, UNASKED, self._source)
        theirs = theirs if theirs is None else receive(theirs, edge)
        try:
            return self._judged(node, number, edge, theirs, operands, own)
        except (NoRule, Unreadable) as problem:
            verdict = Verdict.NO_RULE if isinstance(problem, NoRule) else Verdict.NOT_COMPARED
            return self._unjudged(node, number, to, theirs, verdict, problem.why)
        except ByhandError:
            raise
        except Exception as problem:
            return self._unjudged(node, number, to, theirs, Verdict.NOT_COMPARED, fault(problem))

    def _judged(self, node: Node, number: int, edge: Edge, theirs: torch.Tensor | None, operands: Operands, own: Operands) -> Contribution:
        to = (edge.node, edge.output_nr)
        worked = contribute(node, number, operands)
        chained = worked.received if own is operands else contribute(node, number, own).received
        by_torch = self._told(theirs)
        comparison = self._compare(node, number, edge, worked, theirs, operands, by_torch)
        same = theirs is not None and comparison.verdict is Verdict.AGREES and not comparison.error
        if theirs is not None and worked.rule.accuracy and comparison.verdict is Verdict.AGREES:
            chained = theirs  # what PyTorch approximates is no difference of what depends on it
        elif theirs is not None and same and own is operands and not self._has_strayed(node):
            chained = theirs  # the same bits: there is no need to keep both
        if comparison.verdict is Verdict.DIFFERS or self._has_strayed(node):
            self._strayed.add(to)
        given = worked.given
        places = tuple((node.index, output) for output in range(len(node.outputs)))
        self._drift.sent(to, by_torch, unit(edge.meta.dtype, *operands.dtypes), self._moved, places)
        made = Contribution(
            number,
            to,
            worked.rule.name,
            by_torch if same else self._later.summarize(worked.received),
            by_torch,
            comparison,
            _local(worked, edge, operands, number) if node.outputs[0].shape == () == edge.meta.shape else None,
            tuple(given.shape) if tuple(given.shape) != edge.meta.shape else None,
            str(given.dtype).removeprefix("torch.") if given.dtype != edge.meta.dtype else None,
            summarize(given) if tuple(given.shape) != edge.meta.shape and given.numel() <= WHOLE else Missing.NOT_RECORDED,
        )
        self._send(to, chained, theirs, by_torch)
        if own is operands and self._graph.nodes[to[0]].leaf:
            self._single[to] = (chained, made)
        return made

    def _compare(
        self, node: Node, number: int, edge: Edge, worked: Worked, theirs: torch.Tensor | None, operands: Operands, value: Shown
    ) -> Comparison:
        if not worked.rule.second_opinion:
            return Comparison(Verdict.NOT_COMPARED, reason="no rule of our own that is independent of PyTorch's", source=self._source)
        other = torch.zeros_like(worked.received) if theirs is None else theirs
        rounding = unit(edge.meta.dtype, *operands.dtypes)

        def work(change: Callable[[Any], Any]) -> Callable[[], torch.Tensor]:
            changed = operands.changed(change)
            return lambda: settle(contribute(node, number, changed).given, edge)

        def measure() -> Iterator[Movement]:
            for movement in spread(work, rounding):
                self._moved = movement.largest()
                yield movement

        self._moved = 0.0
        largest = magnitude(value) if isinstance(value, Value) and (value.whole or value.norm is not None) else None
        coarse = max(rounding, worked.rule.accuracy / UNITS)
        return compare(worked.received, other, coarse, noise=measure, largest=largest, source=self._source)

    def _unjudged(self, node: Node, number: int, to: Place, theirs: torch.Tensor | None, verdict: Verdict, reason: str) -> Contribution:
        if theirs is not None:
            self._borrowed[to] = f"it depends on {node.name}, which was not compared"
            self._send(to, theirs, theirs)
        comparison = Comparison(verdict, reason=reason, source=self._source)
        return Contribution(number, to, None, Missing.NOT_COMPARED, self._told(theirs), comparison)

    def _send(self, to: Place, ours: torch.Tensor, theirs: torch.Tensor | None, value: Shown = Missing.NOT_RECORDED) -> None:
        together = ours is theirs and self._ours.get(to) is self._theirs.get(to)
        self._ours[to] = accumulate(self._ours.get(to), ours)
        if theirs is not None:
            self._sent[to] = (theirs, value, theirs._version)
            self._theirs[to] = self._ours[to] if together else accumulate(self._theirs.get(to), theirs)


def _elements(node: Node) -> int:
    return sum(math.prod(meta.shape) for meta in node.outputs)


def _local(worked: Worked, edge: Edge, operands: Operands, number: int) -> float | None:
    """The local derivative of a scalar operation as a number: its rule with an upstream gradient of 1."""
    value = worked.rule.function(*operands.unit_grad().bind(worked.rule.needs, number))
    return None if value.numel() != 1 or value.is_complex() else receive(value, edge).item()


def _same_sum(arrived: torch.Tensor, sent: torch.Tensor) -> bool:
    """Whether what arrived is the sum of what was sent, up to the order of adding; if not, a hook rewrote it on the way."""
    if arrived is sent or arrived.layout is not torch.strided or sent.layout is not torch.strided or torch.equal(arrived, sent):
        return True
    return compare(arrived, sent, 4 * unit(sent.dtype)).verdict is Verdict.AGREES

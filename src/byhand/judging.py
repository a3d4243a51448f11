"""Works one backward pass by hand beside PyTorch's, node by node, and keeps no tensor it does not still need."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.chain_rule import Operands, SavedValues, Worked, contribute, overflowing, receive, settle
from byhand.comparison import UNITS, closely, compare, unit
from byhand.drift import Drift
from byhand.errors import ByhandError, NoRule, Unreadable
from byhand.flow import Flow, same_sum
from byhand.graph import Edge, Graph, Node
from byhand.judged import Arrived, Judged, Place, fault, not_made, overwritten, told
from byhand.opinions import Second
from byhand.recording.later import Later
from byhand.recording.summary import shown, summarize, unworkable
from byhand.results import UNASKED, Comparison, Contribution, Operand, Verdict
from byhand.rounding import Movement, spread
from byhand.value import WHOLE, Missing, Shown, Value, magnitude


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
        self._later = Later(remember=True)
        self._rounding = unit(*{meta.dtype for node in graph.nodes[:64] for meta in node.outputs})
        self._drift, self._moved = Drift(), 0.0
        self.flow = Flow(graph, self.found, keep, self._later)
        for root, seed in zip(graph.roots, seeds, strict=True):
            self.flow.send((root.node, root.output_nr), seed, seed)

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

    def not_run(self, node: Node, reason: str) -> None:
        """What a node sends is not known, nor what depends on it."""
        made = []
        for number, edge in enumerate(node.edges):
            if edge is not None:
                to = (edge.node, edge.output_nr)
                self.flow.lost.setdefault(to, reason)
                made.append(not_made(number, to, reason, self._source))
        self.found.contributions[node.index] = tuple(made)

    def _node(self, node: Node, grads: Sequence[torch.Tensor | None], theirs: Sequence[torch.Tensor | None], saved: SavedValues) -> None:
        reason = next(filter(None, (unworkable(grad) for grad in (*grads, *theirs) if grad is not None)), "")
        if reason:
            self._pass_on(node, theirs, reason)
            return
        ours, together = self.flow.arrive(node, grads)
        second = Second.of(node, grads, grads if together else ours, theirs, saved)
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
        self.flow.hand_on(node)

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
        if verdict is Verdict.DIFFERS or (verdict is not Verdict.INTENDED and self.flow.has_strayed(node)):
            self.flow.strayed.add(to)
        if verdict is Verdict.INTENDED and self.flow.has_strayed(node):
            self.flow.borrowed.setdefault(to, f"it depends on {node.name}, which differs as declared, and on a wrong gradient before it")
        by_torch = self.flow.told(theirs)
        places = tuple((node.index, output) for output in range(len(node.outputs)))
        rounding = unit(edge.meta.dtype, *second.dtypes)
        self._drift.sent(to, by_torch, rounding, weighed.comparison.floor / UNITS, places)
        chained = theirs if verdict is Verdict.INTENDED or weighed.chained is None else weighed.chained
        if chained is not None:
            self.flow.send(to, chained, theirs, by_torch)
        by_hand = Missing.NOT_COMPUTED if weighed.received is None else summarize(weighed.received)
        return Contribution(number, to, None, by_hand, by_torch, weighed.comparison, opinion=second.by)

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
        reason = self.flow.unknown(self._graph.nodes[index]) or ("" if grad is None else unworkable(grad))
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
        ours, theirs = self.flow.ours.pop(place, None), self.flow.theirs.pop(place, None)
        single, made = self.flow.single.pop(place, (None, None))
        arrived = self.found.arrived[place] = Arrived()
        sent = theirs if theirs is not None else grad
        if sent is None:
            return
        if place in self._keep:
            self.found.kept[place] = sent
        reason = self.flow.borrowed.get(place) or ("" if ours is not None else "nothing was sent to it by hand")
        if self.flow.written_into(place, sent):
            arrived.rewritten = True
            reason = reason or "a hook wrote into the gradient that was sent to it"
        arrived.by_torch = self.flow.value(place, sent)
        if reason or ours is None:
            arrived.by_hand = Missing.NOT_COMPARED
            self.found.leaves[index] = Comparison(Verdict.NOT_COMPARED, reason=reason, source=self._source)
            return
        arrived.rewritten = grad is not None and theirs is not None and not same_sum(grad, theirs)
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
        self._later.tell()
        # every node behind it agreed: what is left is rounding that added up; behind a difference there is no such excuse
        scale = 0.0 if place in self.flow.strayed else self._drift.largest * max(1.0, len(self._graph.nodes) ** 0.5 / 8)
        scale = max(scale, self._drift.at(place) / (UNITS * rounding)) if scale and rounding else scale
        return compare(ours, sent, rounding, scale=scale, source=self._source)

    def stopped(self, index: int, output_nr: int, grad: torch.Tensor) -> None:
        """The gradient of a place that was asked for by itself, whose node did not run."""
        if self._graph.nodes[index].leaf:
            self.leaf(index, grad)
            return
        place = (index, output_nr)
        ours = self.flow.ours.pop(place, None)
        self.flow.theirs.pop(place, None)
        self.found.arrived[place] = Arrived(summarize(grad), told(ours))

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
        by_torch = self.flow.told(theirs)
        comparison = self._compare(node, number, edge, worked, theirs, operands, by_torch)
        same = theirs is not None and comparison.verdict is Verdict.AGREES and not comparison.error
        if theirs is not None and worked.rule.accuracy and comparison.verdict is Verdict.AGREES:
            chained = theirs  # what PyTorch approximates is no difference of what depends on it
        elif theirs is not None and same and own is operands and not self.flow.has_strayed(node):
            chained = theirs  # the same bits: there is no need to keep both
        elif theirs is not None and theirs.dtype is torch.float16 and comparison.verdict is Verdict.AGREES:
            chained = overflowing(chained, theirs)
        if comparison.verdict is Verdict.DIFFERS or self.flow.has_strayed(node):
            self.flow.strayed.add(to)
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
        self.flow.send(to, chained, theirs, by_torch)
        if own is operands and self._graph.nodes[to[0]].leaf:
            self.flow.single[to] = (chained, made)
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
            self.flow.borrowed[to] = f"it depends on {node.name}, which was not compared"
            self.flow.send(to, theirs, theirs)
        comparison = Comparison(verdict, reason=reason, source=self._source)
        return Contribution(number, to, None, Missing.NOT_COMPARED, self.flow.told(theirs), comparison)


def _local(worked: Worked, edge: Edge, operands: Operands, number: int) -> float | None:
    """The local derivative of a scalar operation as a number: its rule with an upstream gradient of 1."""
    value = worked.rule.function(*operands.unit_grad().bind(worked.rule.needs, number))
    return None if value.numel() != 1 or value.is_complex() else receive(value, edge).item()

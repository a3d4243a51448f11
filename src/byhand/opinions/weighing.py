"""A second opinion beside what PyTorch's node sent: one comparison for each edge."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from byhand.chain_rule import SavedValues, as_is, dtypes_of, receive, settle
from byhand.comparison import compare, unit, widen
from byhand.errors import ByhandError, Unreadable
from byhand.graph import Edge, Node
from byhand.opinions.kinks import beside_kinks
from byhand.opinions.opinion import Given, Grads, Opinion
from byhand.opinions.seek import doubted, opinion_of, unseen
from byhand.opinions.surroundings import around, written_into
from byhand.pattern import patterned
from byhand.recording.declared import declared_intended
from byhand.recording.functions import TAPE
from byhand.recording.writes import line_of_write
from byhand.results import Comparison, Fault, Verdict
from byhand.rounding import Movement, spread
from byhand.rules.table import rules_of
from byhand.words import counted

SUMMED = "one tensor was given more than once: its gradients are compared as a sum"
KINK = "{} at a kink, where any value between those of the two sides is right"


@dataclass(frozen=True, slots=True)
class Weighed:
    """One edge: what it is sent by hand (None where that is not known), how that compares, and what our own chain sends on."""

    received: torch.Tensor | None
    comparison: Comparison
    chained: torch.Tensor | None = None


class Second:
    """The second opinion on one node, for PyTorch's upstream gradients and for our own."""

    def __init__(self, node: Node, live: Any, grads: Grads, ours: Grads, theirs: Grads, opinion: Opinion | ByhandError) -> None:
        self._node, self._live, self._grads, self._ours, self._opinion = node, live, grads, ours, opinion
        self._theirs = [*theirs, *[None] * (len(node.edges) - len(theirs))]
        self._trusted = False
        self._chained: Given | None = None
        self.dtypes = dtypes_of(node, grads) | live.metadata[TAPE].dtypes if isinstance(opinion, Opinion) else dtypes_of(node, grads)
        self.by = opinion.by if isinstance(opinion, Opinion) else ""

    @classmethod
    def of(cls, node: Node, grads: Grads, ours: Grads, theirs: Grads, saved: SavedValues) -> "Second | None":
        """The second opinion on a node; None if it has rules, or if nothing is known of its forward."""
        live = getattr(saved, "node", None)
        if any(rules_of(node.name, number) for number in range(len(node.edges))) or live is None:
            return None
        tape = live.metadata.get(TAPE) or unseen(node, live)
        if not tape:
            return None
        opinion: Opinion | ByhandError
        try:
            opinion = Unreadable(node.name, "", tape) if isinstance(tape, str) else opinion_of(node, tape, grads)
        except ByhandError as problem:
            opinion = problem
        except Exception as problem:
            opinion = Unreadable(
                node.name, "", f"its forward could not be called once more: {type(problem).__name__}: {problem}".splitlines()[0]
            )
        return cls(node, live, grads, ours, theirs, opinion)

    def weigh(self, number: int, edge: Edge, theirs: torch.Tensor | None, source: str) -> Weighed:
        """The comparison of one edge; `theirs` is what PyTorch's node sent, summed and cast as its receiver takes it.

        Raises why there is no opinion.
        """
        opinion = self._opinion
        if isinstance(opinion, ByhandError):
            raise opinion
        if number in opinion.probes:
            return Weighed(None, self._declared(opinion.probes[number](_or_zeros(theirs, edge), source)))
        together = self._together(number)
        if len(together) > 1:
            return self._summed(opinion, number, edge, together, source)
        received = _received(opinion.given, number, edge)
        other = _or_zeros(theirs, edge)
        rounding = unit(edge.meta.dtype, *self.dtypes)
        describe = patterned(lambda: around(self._node, self._live, opinion, self._grads, number))
        noise = partial(self._noise, opinion, number, edge, rounding)
        comparison = compare(received, other, rounding, noise=noise, source=source, describe=describe)
        chosen = None
        if comparison.verdict is Verdict.DIFFERS and (opinion.shifted is not None or number in opinion.sides):
            beside, count = beside_kinks(opinion, number, edge, received, other)
            again = compare(beside, other, rounding, noise=noise, source=source) if count else comparison
            if again.verdict is Verdict.AGREES:
                chosen, comparison = beside, replace(again, reason=KINK.format(counted(count, "element lies", "elements lie")))
        if comparison.verdict is Verdict.DIFFERS and not self._trusted:
            self._trusted = True
            other_opinion = doubted(self._node, self._live.metadata[TAPE], self._grads, opinion)
            if other_opinion is not None:
                self._opinion, self.by = other_opinion, other_opinion.by
                return self.weigh(number, edge, theirs, source)
        if comparison.verdict is Verdict.DIFFERS:
            comparison = replace(comparison, reason=comparison.reason or opinion.notes.get(number, ""))
        if comparison.fault is Fault.OVERWRITTEN and opinion.overwritten:
            inputs = self._live.metadata[TAPE].inputs
            written = (inputs[number].tensor for number in opinion.overwritten)
            lines = (line_of_write(tensor) for tensor in written if tensor is not None)
            comparison = replace(comparison, written=next(filter(None, lines), None))
        comparison = self._declared(written_into(comparison, self._live))
        own = self._own(opinion, number, edge, received, comparison.verdict)
        return Weighed(received, comparison, own if chosen is None else chosen)

    def _together(self, number: int) -> list[int]:
        """The edges that one tensor, given more than once, came in by: their gradients add up, and are known only so."""
        edge, tape = self._node.edges[number], self._live.metadata.get(TAPE)
        if edge is None or not getattr(tape, "repeated", False) or self.by != "operations":
            return [number]
        place = (edge.node, edge.output_nr)
        return [each for each, other in enumerate(self._node.edges) if other is not None and (other.node, other.output_nr) == place]

    def _summed(self, opinion: Opinion, number: int, edge: Edge, together: Sequence[int], source: str) -> Weighed:
        """The comparison of all edges of one tensor; the first of them carries our sum on."""
        ours = sum((_received(opinion.given, each, edge) for each in together[1:]), _received(opinion.given, together[0], edge))
        every = [self._theirs[each] for each in together]
        sent = [_or_zeros(None, edge) if each is None else receive(each, edge) for each in every]
        theirs = sum(sent[1:], sent[0])
        rounding = unit(edge.meta.dtype, *self.dtypes)
        comparison = self._declared(compare(ours, theirs, 4 * rounding, source=source))
        return Weighed(None, replace(comparison, reason=SUMMED), ours if number == together[0] else torch.zeros_like(ours))

    def _declared(self, comparison: Comparison) -> Comparison:
        """The comparison; a difference that the program declares is intended."""
        function = getattr(self._live, "_forward_cls", None)
        intended = comparison.verdict is Verdict.DIFFERS and function is not None and declared_intended(function)
        return replace(comparison, verdict=Verdict.INTENDED) if intended else comparison

    def _own(self, opinion: Opinion, number: int, edge: Edge, received: torch.Tensor, verdict: Verdict) -> torch.Tensor | None:
        """What our own chain sends on; None where only PyTorch's number can go on."""
        if opinion.by != "operations" or opinion.work is None:
            return received if verdict is Verdict.DIFFERS else None
        if self._ours is self._grads:
            return received
        if self._chained is None:
            self._chained = opinion.work(self._ours, as_is)
        return _received(self._chained, number, edge)

    def _noise(self, opinion: Opinion, number: int, edge: Edge, rounding: float) -> Iterable[Movement]:
        given, work = opinion.given[number], opinion.work
        if opinion.noise is not None or given is None or work is None:
            return [_movement(given, None if opinion.noise is None else opinion.noise[number], edge)]

        def again(change: Callable[[Any], Any]) -> Callable[[], torch.Tensor]:
            def found() -> torch.Tensor:
                sent = work(self._grads, change)[number]
                return torch.zeros(edge.meta.shape, dtype=torch.float64) if sent is None else settle(sent, edge)

            return found

        return spread(again, rounding)


def _movement(given: torch.Tensor | None, noise: torch.Tensor | None, edge: Edge) -> Movement:
    """The error of a means of its own: of each element, and as a part of the whole."""
    if given is None or noise is None:
        return Movement(torch.zeros(edge.meta.shape, dtype=torch.float64), 0.0)
    whole = widen(given).norm().item()
    return Movement(widen(noise), widen(noise).norm().item() / whole if whole else 0.0)


def _received(given: Given, number: int, edge: Edge) -> torch.Tensor:
    sent = given[number]
    return _or_zeros(None, edge) if sent is None else receive(sent, edge)


def _or_zeros(sent: torch.Tensor | None, edge: Edge) -> torch.Tensor:
    return torch.zeros(edge.meta.shape, dtype=edge.meta.dtype, device=edge.meta.device) if sent is None else sent

"""A second opinion beside what PyTorch's node sent: one comparison for each edge."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from byhand.chain_rule import SavedValues, as_is, receive, settle
from byhand.comparison import compare, unit, widen
from byhand.errors import ByhandError
from byhand.graph import Edge, Node
from byhand.opinions.opinion import Given, Grads, Opinion
from byhand.opinions.seek import opinion_of
from byhand.recording.functions import TAPE
from byhand.results import Comparison, Verdict
from byhand.rounding import spread
from byhand.rules.table import rules_of


def declared_intended(kind: type) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Weighed:
    """One edge: what it is sent by hand (None where that is not known), how that compares, and what our own chain sends on."""

    received: torch.Tensor | None
    comparison: Comparison
    chained: torch.Tensor | None = None


class Second:
    """The second opinion on one node, for PyTorch's upstream gradients and for our own."""

    def __init__(self, node: Node, live: Any, grads: Grads, ours: Grads, opinion: Opinion | ByhandError) -> None:
        self._node, self._live, self._grads, self._ours, self._opinion = node, live, grads, ours, opinion
        self._chained: Given | None = None
        self.by = opinion.by if isinstance(opinion, Opinion) else ""

    @classmethod
    def of(cls, node: Node, grads: Grads, ours: Grads, saved: SavedValues) -> "Second | None":
        """The second opinion on a node; None if it has rules, or if nothing is known of its forward."""
        live = getattr(saved, "node", None)
        if any(rules_of(node.name, number) for number in range(len(node.edges))) or live is None:
            return None
        tape = live.metadata.get(TAPE)
        if tape is None:
            return None
        opinion: Opinion | ByhandError
        try:
            opinion = opinion_of(node, tape, grads)
        except ByhandError as problem:
            opinion = problem
        return cls(node, live, grads, ours, opinion)

    def weigh(self, number: int, edge: Edge, theirs: torch.Tensor | None, source: str) -> Weighed:
        """The comparison of one edge; `theirs` is what PyTorch's node sent, summed and cast as its receiver takes it.

        Raises why there is no opinion.
        """
        opinion = self._opinion
        if isinstance(opinion, ByhandError):
            raise opinion
        reason = (opinion.reasons or {}).get(number, "")
        if reason:
            return Weighed(None, Comparison(Verdict.NOT_COMPARED, reason=reason, source=source))
        received = _received(opinion.given, number, edge)
        other = torch.zeros_like(received) if theirs is None else theirs
        rounding = unit(edge.meta.dtype, *(meta.dtype for meta in self._node.outputs))
        comparison = compare(received, other, rounding, noise=lambda: self._noise(opinion, number, edge, rounding), source=source)
        if comparison.verdict is Verdict.DIFFERS and declared_intended(type(self._live)):
            comparison = replace(comparison, verdict=Verdict.INTENDED)
        return Weighed(received, comparison, self._own(opinion, number, edge, received))

    def _own(self, opinion: Opinion, number: int, edge: Edge, received: torch.Tensor) -> torch.Tensor | None:
        """What our own chain sends on; None where only PyTorch's number can go on."""
        if opinion.by != "operations" or opinion.work is None:
            return None
        if self._ours is self._grads:
            return received
        if self._chained is None:
            self._chained = opinion.work(self._ours, as_is)
        return _received(self._chained, number, edge)

    def _noise(self, opinion: Opinion, number: int, edge: Edge, rounding: float) -> torch.Tensor:
        if opinion.noise is not None:
            noise = opinion.noise[number]
            return torch.zeros(edge.meta.shape, dtype=torch.float64) if noise is None else widen(noise)
        work = opinion.work
        if work is None:
            return torch.zeros(edge.meta.shape, dtype=torch.float64)

        def again(change: Callable[[Any], Any]) -> torch.Tensor:
            given = work(self._grads, change)[number]
            return torch.zeros(edge.meta.shape, dtype=torch.float64) if given is None else settle(given, edge)

        return spread(again, rounding)


def _received(given: Given, number: int, edge: Edge) -> torch.Tensor:
    sent = given[number]
    if sent is None:
        return torch.zeros(edge.meta.shape, dtype=edge.meta.dtype, device=edge.meta.device)
    return receive(sent, edge)

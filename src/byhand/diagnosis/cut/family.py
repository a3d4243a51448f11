"""Finds the weights whose gradient is lost on the way back from the loss."""

import weakref
from collections.abc import Iterable

import torch

from byhand.diagnosis.cut.found import Lost, lost, report, zero
from byhand.diagnosis.cut.partial import partly
from byhand.diagnosis.cut.refused import refused
from byhand.diagnosis.cut.search import Search
from byhand.diagnosis.cut.telling import told
from byhand.diagnosis.cut.wanted import Leaves, Wanted
from byhand.diagnosis.cut.zeros import behind_zeros
from byhand.diagnosis.family import Family
from byhand.diagnosis.lineage import Lineage, given, is_leaf, leaves_of, tensors
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.recording.calls import Needing
from byhand.recording.happenings import Happening

PARTLY = 2  # passes of each place that are searched for cuts beside a path that is alive


class Cut(Family):
    """Remembers, for each weight that a pass does not reach although its value goes into the loss, where the way ends.

    What another pass reaches is taken off again; at the end, what is left was never reached.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._lost: dict[weakref.ref[torch.Tensor], Lost] = {}
        self._reached = Leaves()
        self._wanted = Wanted(world)

    def starting(self, passing: Passing) -> None:
        """Look where the ways end that lead to this pass's roots."""
        if not passing.closely:
            self._reach(each for each in passing.reached if each not in self._lost or not self._lost[each].reached)
            return
        self._wanted.begin()
        self._wanted.look()
        behind = behind_zeros(passing.graph, passing.live)
        self._reach(weakref.ref(tensor) for tensor, index in passing.leaves.items() if index not in behind)
        self._stopped(passing, behind)
        self._search(passing)

    def happened(self, happening: Happening) -> None:
        """An optimizer was made: it says what is to be trained."""
        if happening.kind == "made":
            self._wanted.look()

    def finished(self, problem: BaseException | None) -> None:
        """Say what no pass ever reached."""
        left = {each: known for each, known in self._lost.items() if each not in self._reached}
        if problem is not None:
            left |= refused(self.world, problem)
        self._wanted.look()
        for finding in report(left, self._wanted):
            self.report(finding)

    def _reach(self, leaves: Iterable["weakref.ref[torch.Tensor]"]) -> None:
        for each in leaves:
            self._reached.add(each)

    def _stopped(self, passing: Passing, behind: dict[int, int]) -> None:
        """Remember the leaves that get exact zeros."""
        for index, step in behind.items():
            leaf = passing.live[index].variable
            if self._open(leaf):
                name = self.world.name_of(leaf)
                related = self._related(leaf, passing)
                self._lost[weakref.ref(leaf)] = zero(leaf, passing, step, name=name, related=related, root=root_name(passing))

    def _search(self, passing: Passing) -> None:
        """Remember the leaves that went into the roots and are not reached."""
        if passing.turn > PARTLY and not self._any_open():
            return
        lineage = Lineage(self.world.calls())
        search = Search(lineage, [weakref.ref(root) for root in passing.roots if isinstance(root, torch.Tensor)])
        for reference in leaves_of(lineage):
            leaf = reference()
            path = search.path(reference) if leaf is not None and self._open(leaf) and leaf not in passing.leaves else None
            if leaf is not None and path is not None:
                name = self.world.name_of(leaf) or self._remade(lineage, path.calls[-1])
                words = told(lineage, path, name or "a tensor", root_name(passing))
                self._lost[reference] = lost(name, leaf, words, related=self._related(leaf, passing))
        if passing.turn <= PARTLY:
            for finding in partly(search, self.world):
                self.report(finding)

    def _remade(self, lineage: Lineage, number: int) -> str:
        """The name of a parameter that took the place of another."""
        call = lineage.calls[number]
        made = next((reference() for reference in given(call) if reference is not None), None)
        return self.world.name_of(made) if made is not None and is_leaf(made) else ""

    def _any_open(self) -> bool:
        """Whether a leaf went into a call of which nothing is known yet."""
        met = {seen.reference for call in self.world.calls() for seen in tensors(call) if isinstance(seen, Needing)}
        return any(is_leaf(each()) for each in met if each not in self._reached and each not in self._lost)

    def _open(self, leaf: torch.Tensor) -> bool:
        """Whether nothing is known of a leaf yet."""
        reference = weakref.ref(leaf)
        return reference not in self._reached and reference not in self._lost

    def _related(self, leaf: torch.Tensor, passing: Passing) -> bool:
        """Whether a leaf belongs to no model, or to one of which the pass reaches other weights."""
        for _, model in self.world.models:
            known = {id(tensor) for _, tensor in model.tensors()}
            if id(leaf) in known:
                return any(id(each) in known for each in passing.leaves)
        return True


def root_name(passing: Passing) -> str:
    """The user's name of what backward was called on."""
    root = passing.graph.roots[0]
    names = passing.describe(root.node).names
    return (names[root.output_nr] if root.output_nr < len(names) else "") or "the loss"

"""Follows the gradients of every parameter through the turns of a training loop: filled, used, cleared."""

from byhand.diagnosis.family import Family
from byhand.diagnosis.loop.accumulated import Accumulated
from byhand.diagnosis.loop.cleared import Cleared
from byhand.diagnosis.loop.clipped import Clipped
from byhand.diagnosis.loop.ledger import Ledger
from byhand.diagnosis.loop.summed import Summed
from byhand.diagnosis.loop.wasted import Wasted
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.recording.happenings import Happening


class Turns(Family):
    """Gradients that are accumulated, cleared too soon, clipped too soon or summed where their mean was wanted."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.ledger = Ledger(world.recorder)
        self._parts = tuple(part(world, self.ledger) for part in (Accumulated, Cleared, Wasted, Clipped, Summed))

    def starting(self, passing: Passing) -> None:
        """A pass is about to add to what its leaves hold."""
        if passing.kind == "backward":
            for part in self._parts:
                part.starting(passing)
            self.ledger.starting(passing)

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """A pass has added to its leaves, or broke off on the way."""
        if passing.kind == "backward":
            self.ledger.ended(passing)
            for part in self._parts:
                part.ended(passing, problem)

    def happened(self, happening: Happening) -> None:
        """Gradients were used, cleared or unscaled."""
        if happening.kind == "stepping":
            self.ledger.stepping(happening.thing)
        for part in self._parts:
            part.happened(happening)
        if happening.kind == "stepped":
            self.ledger.stepped(happening.thing)

    def finished(self, problem: BaseException | None) -> None:
        """The program is over."""
        for part in self._parts:
            part.finished(problem)

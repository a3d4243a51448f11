"""What every family of faults is told while a program runs, and how it says what it found."""

from collections.abc import Sequence
from typing import Any

from byhand.diagnosis.passing import Passing
from byhand.diagnosis.world import World
from byhand.findings import Finding
from byhand.recording.happenings import Happening
from byhand.recording.saved import Saved


class Family:
    """Told of everything in the order of the program; says what it finds by `report`, at the moment when it is certain.

    Nothing that it keeps may hold a tensor, a node or a frame of the program beyond the call it was given in, but by weak reference, and
    what it keeps must not grow with the number of steps. Whatever it raises is noted as byhand's own failure, and the program goes on.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def report(self, finding: Finding) -> None:
        """Say what was found; what is said twice (code, subject, line) counts once, and the first stays."""
        self.world.report(finding)

    def starting(self, passing: Passing) -> None:
        """A backward pass is about to run: its graph and all that it saved are there."""

    def node(self, passing: Passing, index: int, grads: Sequence[Any], theirs: Sequence[Any], saved: Saved) -> None:
        """A node ran: `grads` arrived at its outputs, `theirs` go to its inputs.

        Told of every node in passes that are looked at closely, in others only of nodes that sent something that is not finite.
        """

    def leaf(self, passing: Passing, index: int, grad: Any) -> None:
        """What this pass adds to a leaf's `.grad` is complete."""

    def ended(self, passing: Passing, problem: BaseException | None) -> None:
        """The pass is over, whole or broken off by a problem; every `.grad` is there."""

    def happened(self, happening: Happening) -> None:
        """An optimizer was made or stepped, gradients were cleared, a scaler was at work."""

    def finished(self, problem: BaseException | None) -> None:
        """The recording is over, or somebody asks for findings now; may be called more than once. `problem` ended the program."""

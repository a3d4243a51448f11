"""What stands in the boxes and on the arrows of a picture: the very pieces of text that the story has."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.document import Cell, Role
from byhand.explanation.formulas import forward_of
from byhand.explanation.frame import ROLES
from byhand.explanation.labels import Labels, asked
from byhand.explanation.products import product
from byhand.picture import Shows, Sketch
from byhand.results import Constant, Contribution, Leaf, Pass, Step, Verdict
from byhand.words import cell, counted, plain

Line = tuple[Shows, tuple[Cell, ...] | Sketch]


@dataclass(frozen=True, slots=True)
class Content:
    """Everything that a box says; the fields are those of `Box` of the same names, a row still without its place."""

    rows: tuple[Line, ...]
    about: str = ""
    spoken: str = ""
    verdict: str = ""
    op: str = ""
    module: str = ""
    source: tuple[int, int] | None = None
    forward: int = 0
    backward: int = 0


class Contents:
    """The contents of the boxes and the labels of the arrows of one pass."""

    def __init__(self, result: Pass, labels: Labels) -> None:
        self._result, self._labels = result, labels
        self._count = len(labels.steps)

    def operation(self, step: Step) -> Content:
        """The box of an operation."""
        labels, target = self._labels, (step.index, 0)
        made = forward_of(step, labels)
        title = [labels.cell(target)] + ([Cell(" = "), made] if made else [])
        rows = [
            (Shows.ALWAYS, tuple(title)),
            (Shows.FORWARD, (cell(step.outputs[0].value, Role.FORWARD),)),
            (Shows.BACKWARD, (labels.gradient(target), Cell(" = "), cell(step.outputs[0].by_hand, Role.BACKWARD))),
        ]
        place = labels.position[step.index]
        users = [labels.position[each.index] for each, _ in labels.uses.get(target, ())]
        return Content(
            tuple(rows),
            f"s{step.index}",
            "".join(piece.text for piece in title),
            _worst([each.comparison.verdict for each in step.contributions if asked(each)]),
            step.op,
            step.module,
            None,
            place,
            2 * self._count + 2 - min(users) if users else self._count + 1,
        )

    def weight(self, leaf: Leaf) -> Content:
        """The box of a weight."""
        target = (leaf.index, 0)
        rows = (
            (Shows.ALWAYS, (self._labels.cell(target),)),
            (Shows.ALWAYS, (cell(leaf.value, Role.FORWARD),)),
            (Shows.BACKWARD, (self._labels.gradient(target), Cell(" = "), cell(leaf.by_hand, Role.BACKWARD))),
        )
        users = [self._labels.position[each.index] for each, _ in self._labels.uses.get(target, ())]
        last = 2 * self._count + 2 - min(users) if users else 2 * self._count + 1
        return Content(rows, f"w{leaf.index}", plain(leaf.name), _worst([leaf.comparison.verdict]), backward=last)

    def constant(self, number: int, constant: Constant) -> Content:
        """The box of a value without gradient."""
        rows = ((Shows.ALWAYS, (Cell(plain(constant.name), Role.NAME),)), (Shows.ALWAYS, (cell(constant.value, Role.FORWARD),)))
        return Content(rows, f"c{number}", plain(constant.name))

    def module(self, title: str, steps: Sequence[Step], leaves: Sequence[Leaf], *, count: int = 1) -> Content:
        """The box of a module, of several of the same build, or of a stretch of operations."""
        rows = ((Shows.ALWAYS, (Cell(title, Role.NAME),)), (Shows.ALWAYS, (Cell(counted(len(steps), "operation"), Role.FAINT),)))
        return Content(
            rows,
            "",
            title,
            _worst([each.comparison.verdict for step in steps for each in step.contributions]),
            forward=max((self._labels.position[step.index] for step in steps), default=0),
            backward=2 * self._count + 2 - min((self._labels.position[step.index] for step in steps), default=1),
        )

    def label(self, step: Step, contribution: Contribution) -> tuple[Cell, ...]:
        """What an arrow says of the contribution that comes back along it."""
        return tuple(piece for number, each in enumerate(product(step, contribution)) for piece in ([Cell(" = ")] * bool(number) + [each]))


def _worst(verdicts: Sequence[Verdict]) -> str:
    roles = {ROLES[each] for each in verdicts}
    return next((role.value for role in (Role.DIFFERS, Role.NOT_COMPARED, Role.AGREES) if role in roles), "")

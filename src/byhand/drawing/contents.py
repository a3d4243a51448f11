"""What stands in the boxes and on the arrows of a picture: the very pieces of text that the story has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from byhand.document import Cell, Role
from byhand.drawing.clock import Clock
from byhand.drawing.large import LARGE, in_few
from byhand.drawing.large import title as title_of
from byhand.drawing.modules import common_path, keys_of_modules
from byhand.drawing.rows import EQUALS, Line, fitted, gradient_lines, in_line, in_norm, in_two, short, value_lines
from byhand.drawing.sources import programs
from byhand.drawing.suspects import suspects
from byhand.explanation.formulas import formula_of
from byhand.explanation.frame import ROLES, measured, off
from byhand.explanation.labels import Labels, Target, asked
from byhand.explanation.modules import Module, arriving, judged, leaving, span, users_of
from byhand.explanation.products import product
from byhand.explanation.tensor import equation
from byhand.picture import Shows, Sketch
from byhand.results import Comparison, Constant, Contribution, Leaf, Output, Pass, Step, Verdict
from byhand.value import Shown, Value
from byhand.words import brief, counted, finite, plain, single

OUTPUTS = 3  # of one operation that have lines of their own
GRAD = Cell("grad ", Role.FAINT)
LABEL = 24  # characters of a formula on an arrow
NOT_SAID = 38  # characters of a name


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
    """The contents of the boxes and the labels of the arrows of one pass. `clock` has the moments at which they show."""

    def __init__(self, result: Pass, labels: Labels) -> None:
        self._result, self._labels = result, labels
        self.clock = Clock(result, labels)
        self.suspects = suspects(labels)
        self.programs = programs(result)
        self._weights: dict[int, Content] = {}
        self.large = len(result.steps) > LARGE

    def operation(self, step: Step, *, beside: bool = False) -> Content:
        """The box of an operation; `beside` closed modules it is told in short, without sketches."""
        targets = [(step.index, number) for number in range(len(step.outputs))]
        made = title_of(step, self._labels) if self.large else equation(step, self._labels)
        title = made if self.large else fitted(made)
        lines = ((Shows.ALWAYS, each) for each in (in_two(made) if beside and not self.large else [title]))
        rows = (*lines, *self._outputs(step, beside=beside))
        verdict = worst(each.comparison for each in step.contributions if asked(each))
        return Content(
            rows,
            f"s{step.index}",
            self._spoken(title, step.outputs[0].value, targets[0], _best(step.outputs[0]), verdict),
            verdict,
            step.op,
            step.module,
            self.programs.place(step),
            self.clock.forward(step),
            self.clock.complete(*targets),
        )

    def _outputs(self, step: Step, *, beside: bool) -> Iterator[Line]:
        """The values of an operation, then the gradients that arrived at them."""
        shown = [number for number, output in enumerate(step.outputs) if _is_known(output)][:OUTPUTS] or [0]
        several = len(step.outputs) > 1
        for number in shown:
            name = (short(self._labels.cell((step.index, number)), LABEL), EQUALS) if several else ()
            told = self._value(step.outputs[number].value, before=name)
            yield from (line for line in told if not (beside and isinstance(line[1], Sketch)))
        if several and len(shown) < len(step.outputs):
            yield Shows.FORWARD, (Cell(f"… and {counted(len(step.outputs) - len(shown), 'more output')}", Role.FAINT),)
        for number in shown:
            output, target = step.outputs[number], (step.index, number)
            norm = in_norm(output.by_hand) if beside and target not in self.suspects else None
            yield from norm or self._gradient(target, output.by_hand, output.by_torch)

    def _value(self, shown: Shown, *, before: tuple[Cell, ...] = ()) -> Iterator[Line]:
        """The lines of a value, in a large run only one."""
        if self.large:
            yield Shows.FORWARD, (*before, in_few(shown, Role.FORWARD))
        else:
            yield from value_lines(shown, Shows.FORWARD, Role.FORWARD, before=before)

    def _gradient(self, target: Target, by_hand: Shown, by_torch: Shown) -> Iterator[Line]:
        """The lines of a gradient, in a large run only one, but where PyTorch's may be another."""
        if self.large and isinstance(by_hand, Value) and target not in self.suspects:
            yield Shows.BACKWARD, (GRAD, in_few(by_hand, Role.BACKWARD))
        else:
            lines = gradient_lines(self._labels.gradient(target), by_hand, by_torch, self.suspects.get(target))
            yield from (line for line in lines if not (self.large and isinstance(line[1], Sketch)))

    def weight(self, leaf: Leaf) -> Content:
        """The box of a weight, its name as the user wrote it; the same for each of its ghosts."""
        if leaf.index not in self._weights:
            self._weights[leaf.index] = self._weight(leaf)
        return self._weights[leaf.index]

    def _weight(self, leaf: Leaf) -> Content:
        target, labels = (leaf.index, 0), self._labels
        title = (short(Cell(plain(leaf.name), Role.NAME) if leaf.name else labels.cell(target), NOT_SAID),)
        verdict = worst([measured(leaf, [each for _, each in labels.uses.get(target, ())])])
        rows = (
            (Shows.ALWAYS, title),
            *self._value(leaf.value),
            *self._gradient(target, leaf.by_hand, leaf.by_torch),
        )
        spoken = self._spoken(title, leaf.value, target, leaf.by_hand, verdict)
        return Content(rows, f"w{leaf.index}", spoken, verdict, backward=self.clock.complete(target))

    def constant(self, number: int, constant: Constant) -> Content:
        """The box of a value without gradient."""
        title = (short(Cell(plain(constant.name), Role.NAME), NOT_SAID),)
        rows = ((Shows.ALWAYS, title), *self._value(constant.value))
        return Content(rows, f"c{number}", "" if self.large else f"{title[0].text} = {brief(constant.value).text}")

    def _spoken(self, title: Sequence[Cell], value: Shown, target: Target, gradient: Shown, verdict: str) -> str:
        """The box for ears; "" in a large run, where its lines are read out."""
        if self.large:
            return ""
        said = "".join(each.text for each in title)
        symbol = self._labels.gradient(target).text
        return f"{said}; value {brief(value).text}; {symbol} = {brief(gradient).text}{f'; {verdict}' if verdict else ''}"

    def module(self, title: str, steps: Sequence[Step], leaves: Sequence[Leaf], *, count: int = 1) -> Content:
        """The box of a module, of `count` of the same build one after the other, or of a stretch of operations."""
        each = max(1, len(steps) // count)
        group = [Module("", list(steps[start : start + each])) for start in range(0, each * count, each)]
        group[0].leaves.extend(leaves)
        verdict = judged(group)
        name = (short(Cell(title, Role.NAME), NOT_SAID),)
        operations = Cell(counted(each, "operation") + (f" × {count}" if count > 1 else ""), Role.FAINT)
        come = span([arriving(module, self._users) for module in group])
        gone = span([leaving(module, self._labels) for module in group])
        rows: list[Line] = [(Shows.ALWAYS, name), (Shows.ALWAYS, (operations,)), *self._result_in(steps)]
        rows += [
            (Shows.BACKWARD, (Cell(word, Role.FAINT), Cell(norm, Role.BACKWARD)))
            for word, norm in (("grad in ", come), ("grad out ", gone))
        ]
        rows += [] if verdict.role in (Role.AGREES, Role.FAINT) else [(Shows.BACKWARD, (verdict,))]
        shape = "" if verdict.role is Role.FAINT else verdict.role.value
        forward = max(map(self.clock.forward, steps), default=0)
        spoken = f"{title}: {operations.text}; grad in {come}, grad out {gone}; {verdict.text}"
        return Content(
            tuple(rows), self._about(group), spoken, shape, forward=forward, backward=max(map(self.clock.backward, steps), default=0)
        )

    def _result_in(self, steps: Sequence[Step]) -> Iterator[Line]:
        """What the run came to, if that is one number and was worked out among these operations."""
        roots = self._result.graph.roots
        root = (roots[0].node, roots[0].output_nr) if len(roots) == 1 else (-1, 0)
        if any(step.index == root[0] for step in steps) and single(value := self._labels.value(root)) is not None:
            yield Shows.FORWARD, (short(self._labels.cell(root), LABEL), EQUALS, in_line(value, Role.FORWARD, LABEL))

    def _about(self, group: Sequence[Module]) -> str:
        """The key of the details of some modules, "" for operations of no module."""
        path = common_path(group[0].steps)
        keys = (f"r:{path}", f"m:{path}") if len(group) > 1 else (f"m:{path}",)
        return next((key for key in keys if key in self._keys), "")

    @cached_property
    def _keys(self) -> frozenset[str]:
        return keys_of_modules(self._result, self._labels)

    @cached_property
    def _users(self) -> dict[int, list[int]]:
        return users_of(self._result)

    def label(self, step: Step, contribution: Contribution, *, beside: bool = False) -> tuple[Cell, ...]:
        """What an arrow says of the contribution that comes back along it; nothing where this backward did not ask for it.

        `beside` closed modules a tensor is told by its norm; in a large run nothing is said that the box says to which it goes.
        """
        if not asked(contribution):
            return ()
        if self.large and self._is_all(contribution):
            return ()
        if contribution.local is None:
            return tuple(self._tensor_label(step, contribution, beside=beside))
        return tuple(piece for each in product(step, contribution) for piece in (EQUALS, each))[1:]

    def _is_all(self, contribution: Contribution) -> bool:
        """Whether a contribution is the whole gradient of an operation, and agrees."""
        alone = contribution.to[0] in self._labels.by_index and len(self._labels.uses[contribution.to]) == 1
        return alone and contribution.comparison.verdict is Verdict.AGREES

    def _tensor_label(self, step: Step, contribution: Contribution, *, beside: bool) -> Iterator[Cell]:
        """A short formula, else the contribution itself in short; and that it differs or is not finite, if so."""
        by_hand = isinstance(contribution.by_hand, Value)
        shown = contribution.by_hand if by_hand else contribution.by_torch
        formula = None if self.large else formula_of(step, contribution, self._labels)
        if formula is not None and len(formula.text) <= LABEL:
            yield formula
            yield from [Cell(" "), Cell("NOT FINITE", Role.LOUD)] * (not finite(shown))
        elif beside and (norm := in_norm(shown)):
            yield norm[0][1][-1]
        elif single(shown) is not None:
            yield product(step, contribution)[-1]
        else:
            yield in_few(shown, Role.BACKWARD) if self.large else in_line(shown, Role.BACKWARD, LABEL)
        if not by_hand and isinstance(shown, Value):
            yield Cell(" (PyTorch's)", Role.NOT_COMPARED)
        if contribution.comparison.verdict is Verdict.DIFFERS:
            yield from (Cell(" "), Cell(off(contribution.comparison), Role.DIFFERS))


def worst(comparisons: "Sequence[Comparison] | Iterator[Comparison]") -> str:
    """The worst verdict as the name of its role, "" if there is none."""
    roles = {ROLES[each.verdict] for each in comparisons}
    return next((role.value for role in (Role.DIFFERS, Role.NOT_COMPARED, Role.AGREES) if role in roles), "")


def _is_known(output: Output) -> bool:
    return any(isinstance(each, Value) for each in (output.value, output.by_hand, output.by_torch))


def _best(output: Output) -> Shown:
    return output.by_hand if isinstance(output.by_hand, Value) else output.by_torch

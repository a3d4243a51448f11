"""What every value is called in the story: the user's name, else the expression as written, else a number in angle brackets."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache, wraps
from typing import Any, TypeVar

from byhand.document import Cell, Role
from byhand.formula import latex, shown_name, text
from byhand.formula.tree import Name, Tree
from byhand.results import UNASKED, Contribution, Leaf, Pass, Step
from byhand.value import Missing, Shown
from byhand.words import plain, shape

LONGEST = 20  # characters of an expression that still serves as a label
_LOOSE = re.compile(r" (?![^(\[]*[)\]]$)|^−|[²³⁴⁵⁶⁷⁸⁹]$")  # a space outside of a call's own parentheses, or a power
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


Target = tuple[int, int]
Result = TypeVar("Result")


def asked(contribution: Contribution) -> bool:
    """Whether this backward was to send something there; one for some inputs only leaves others out."""
    return contribution.comparison.reason != UNASKED


class Labels:
    """Labels of the values of one pass. A source is what the formula modules take; a cell is what a document takes."""

    def __init__(self, result: Pass) -> None:
        self._result = result
        self._leaves = {leaf.index: leaf for leaf in result.leaves}
        self._roots = {(root.node, root.output_nr): root.name for root in result.graph.roots}
        self._sources: dict[Target, str] = {}
        self.worked_out: dict[str, dict[int, Any]] = {}

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operations in the order in which the program ran them."""
        nodes = self._result.graph.nodes
        return tuple(sorted(self._result.steps, key=lambda step: (nodes[step.index].sequence, -step.index)))

    @cached_property
    def position(self) -> dict[int, int]:
        """The place of each operation in the story, from 1, by node index."""
        return {step.index: place for place, step in enumerate(self.steps, 1)}

    @cached_property
    def by_index(self) -> dict[int, Step]:
        """The operations by node index."""
        return {step.index: step for step in self._result.steps}

    @cached_property
    def written(self) -> Counter[str]:
        """How many operations without a name have each expression."""
        return Counter(step.expression for step in self._result.steps if not step.name)

    def source(self, target: Target) -> str:
        """The label as the formula modules take it."""
        if target not in self._sources:
            self._sources[target] = self._source(target)
        return self._sources[target]

    def _source(self, target: Target) -> str:
        index, output_nr = target
        if index in self._leaves:
            return plain(self._leaves[index].name) or f"leaf{self._unnamed[index]}"
        if self._roots.get(target):
            return plain(self._roots[target])
        step = self.by_index.get(index)
        if step is None:
            return f"⟨node {index}⟩"
        return self._of_output(step, output_nr)

    def _of_output(self, step: Step, output_nr: int) -> str:
        base = self._of_step(step)
        if len(step.outputs) < 2:
            return base
        named = step.outputs[output_nr].name if output_nr < len(step.outputs) else ""
        return plain(named) or f"{base}[{output_nr}]"

    def _of_step(self, step: Step) -> str:
        if step.name:
            return f"{shown_name(plain(step.name))}{str(step.occurrence).translate(SUBSCRIPTS)}" if step.occurrence else plain(step.name)
        written = plain(step.expression)
        if written and len(written) <= LONGEST and self.written[step.expression] == 1:
            return written
        return f"⟨{self.position[step.index]}⟩"

    @cached_property
    def uses(self) -> dict[Target, list[tuple[Step, Contribution]]]:
        """Who sends a gradient to each value, in the order of the program."""
        found: dict[Target, list[tuple[Step, Contribution]]] = {}
        for step in self.steps:
            for contribution in step.contributions:
                if asked(contribution):
                    found.setdefault(contribution.to, []).append((step, contribution))
        return found

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The weights in the order in which the program used them."""
        first: dict[int, int] = {}
        for place, step in enumerate(self.steps):
            for contribution in step.contributions:
                first.setdefault(contribution.to[0], place)
        return tuple(sorted(self._result.leaves, key=lambda leaf: (first.get(leaf.index, len(self.steps)), leaf.index)))

    def value(self, target: Target) -> Shown:
        """The forward value of a leaf or of an operation's output."""
        index, output_nr = target
        if index in self._leaves:
            return self._leaves[index].value
        step = self.by_index.get(index)
        return step.outputs[output_nr].value if step and output_nr < len(step.outputs) else Missing.NOT_RECORDED

    def worked(self, target: Target) -> Shown:
        """The gradient by hand of a leaf or of an operation's output."""
        index, output_nr = target
        if index in self._leaves:
            return self._leaves[index].by_hand
        step = self.by_index.get(index)
        return step.outputs[output_nr].by_hand if step and output_nr < len(step.outputs) else Missing.NOT_RECORDED

    @cached_property
    def _unnamed(self) -> dict[int, str]:
        """A lowered number for every weight without a name, in the order of the program."""
        without = [leaf.index for leaf in self.leaves if not plain(leaf.name)]
        return {index: str(place).translate(SUBSCRIPTS) for place, index in enumerate(without, 1)}

    def knows(self, target: Target) -> bool:
        """Whether the target is a leaf or an operation that ran backward."""
        return target[0] in self._leaves or target[0] in self.by_index

    def typed(self, target: Target) -> str:
        """What the user typed for the value: its name, else its expression, unchanged; "" if neither is known."""
        index, output_nr = target
        if index in self._leaves:
            return self._leaves[index].name
        step = self.by_index.get(index)
        if step is None:
            return self._roots.get(target, "")
        several = len(step.outputs) > 1 and output_nr < len(step.outputs)
        return (step.outputs[output_nr].name if several else "") or step.name or step.expression

    def receiver(self, contribution: Contribution) -> dict[str, str]:
        """The shape and the dtype of the tensor that a contribution goes to, as a rule names them."""
        index, output_nr = contribution.to
        meta = self._result.graph.nodes[index].outputs[output_nr]
        return {"shape": shape(meta.shape), "dtype": str(meta.dtype).removeprefix("torch."), "index": str(contribution.edge)}

    def described(self, target: Target) -> str:
        """The label, and for a mere number the expression behind it."""
        label, step = self.cell(target).text, self.by_index.get(target[0])
        written = plain(step.expression) if step and label.startswith("⟨") else ""
        return f"{written} {label}".strip()

    def cell(self, target: Target, role: Role = Role.NAME) -> Cell:
        """The label as a piece of a document."""
        return drawn(self.source(target), role)

    @cached_property
    def root(self) -> str:
        """What everything is a derivative of: the loss's label, or L for the sum of several roots."""
        roots = self._result.graph.roots
        return self.source((roots[0].node, roots[0].output_nr)) if len(roots) == 1 else "L"

    def gradient(self, target: Target, role: Role = Role.BACKWARD) -> Cell:
        """∂loss/∂ of a value."""
        return derivative(self.root, self.source(target), role)

    def local(self, step: Step, output_nr: int, target: Target) -> Cell:
        """∂ of an operation's result / ∂ of one of its inputs."""
        return derivative(self.source((step.index, output_nr)), self.source(target), Role.PLAIN)


def once(work: Callable[[Step, Labels], Result]) -> Callable[[Step, Labels], Result]:
    """The function of an operation and the labels of its pass, worked out once for each operation."""

    @wraps(work)
    def known(step: Step, labels: Labels) -> Result:
        found = labels.worked_out.setdefault(work.__qualname__, {})
        if step.index not in found:
            found[step.index] = work(step, labels)
        result: Result = found[step.index]
        return result

    return known


@lru_cache(maxsize=4096)
def drawn(source: str, role: Role = Role.PLAIN) -> Cell:
    """A label or an expression of the user's as text and LaTeX."""
    tree = Tree(Name("value"), (), ("value",))
    return Cell(text(tree, {"value": source}), role, latex(tree, {"value": source}))


@lru_cache(maxsize=4096)
def derivative(above: str, below: str, role: Role) -> Cell:
    """∂above/∂below; a label that is an operation gets parentheses."""
    upper, lower = _held(drawn(above)), _held(drawn(below))
    return Cell(f"∂{upper.text}/∂{lower.text}", role, rf"\frac{{\partial {upper.latex}}}{{\partial {lower.latex}}}")


def _held(label: Cell) -> Cell:
    if not _LOOSE.search(label.text):
        return label
    return Cell(f"({label.text})", label.role, rf"\left({label.latex}\right)")

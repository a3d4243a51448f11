"""The walk through a run, told in short sentences: one operation at a time forward, then one at a time back."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from byhand.document import Block, Cell, Prose, Role
from byhand.drawing.contents import Contents
from byhand.drawing.large import NOTHING, made, sent
from byhand.drawing.rows import EQUALS, in_line
from byhand.drawing.suspects import apart
from byhand.explanation.chains import remark
from byhand.explanation.formulas import formula_of, in_numbers, local_in_numbers
from byhand.explanation.frame import verdict
from byhand.explanation.labels import Labels, Target, asked
from byhand.explanation.products import product, upstream
from byhand.explanation.scalar import backward_parts, local_parts
from byhand.explanation.tensor import adjusted, equation, without_rule
from byhand.explanation.wrong import changed
from byhand.picture import Moment
from byhand.results import Contribution, Leaf, Pass, Step, Verdict
from byhand.value import Missing, Shown, Value
from byhand.words import INLINE, cell, counted, value

OUTPUTS = 3  # of one operation whose values are told
FEW = 8  # values that are named before the walk begins, and parts that a sum is written out of
LONGEST = 60  # characters of a value in a sentence
BESIDE = 32  # characters of a gradient that stands beside PyTorch's

Pieces = tuple[Cell, ...]


def moments(result: Pass, labels: Labels, contents: Contents) -> tuple[Moment, ...]:
    """What is told at each moment: first what is given, then every operation forward, the seed, every operation backward."""
    back = _Back(result, labels, contents)
    forward = made if contents.large else _forward
    backward: Callable[[Step, Labels], Pieces] = sent if contents.large else back.told
    root = result.graph.roots[0] if result.graph.roots else None
    box = f"s{root.node}" if root and root.node in labels.by_index else ""
    return (
        Moment(True, "", _given(result, labels)),
        *(Moment(True, f"s{step.index}", forward(step, labels)) for step in labels.steps),
        Moment(False, box, _seed(result, labels)),
        *(Moment(False, f"s{step.index}", backward(step, labels)) for step in reversed(labels.steps)),
    )


def _given(result: Pass, labels: Labels) -> Pieces:
    """What is there before anything is computed."""
    values = [(labels.cell((leaf.index, 0)), leaf.value) for leaf in labels.leaves]
    values += [(Cell(constant.name, Role.NAME), constant.value) for constant in result.constants]
    if not values or len(values) > FEW or not all(_is_short(shown) for _, shown in values):
        return (Cell("Nothing is computed yet. The weights and the inputs have their values."),)
    said: list[Cell] = []
    for name, shown in values:
        said += [Cell(", ")] * bool(said) + [name, EQUALS, cell(shown, Role.FORWARD)]
    return (Cell("Given: "), *said, Cell(". Nothing is computed yet."))


def _is_short(shown: Shown) -> bool:
    return isinstance(shown, Missing) or (shown.whole and math.prod(shown.shape) <= INLINE and len(value(shown)) <= BESIDE)


def _forward(step: Step, labels: Labels) -> Pieces:
    """ŷ = w · x = 1 · 1 = 1."""
    made = equation(step, labels)
    numbers = in_numbers(step, labels)
    values = [in_line(output.value, Role.FORWARD, LONGEST) for output in step.outputs[:OUTPUTS]]
    more = [Cell(", …")] * (len(step.outputs) > OUTPUTS)
    last = [*(piece for each in values for piece in (Cell(", "), each)), *more][1:]
    chain = {each.text: each for each in (*made, *([numbers] if numbers else [])) if each.text != values[0].text}
    return *_chained(list(chain.values())), *([EQUALS] if chain else []), *last


def _chained(parts: Sequence[Cell]) -> Pieces:
    return tuple(piece for each in parts for piece in (EQUALS, each))[1:]


def _seed(result: Pass, labels: Labels) -> Pieces:
    """The gradient that backward starts from, for each root."""
    roots = result.graph.roots
    lines = [_start(result, labels, (root.node, root.output_nr)) for root in roots[:FEW]]
    lines += [(Cell("…"),)] * (len(roots) > FEW)
    lines += [(Cell(f"Now back: how fast does {labels.root} grow with each value before it?"),)] * bool(labels.steps)
    return tuple(piece for line in lines for piece in (Cell("\n"), *line))[1:]


def _start(result: Pass, labels: Labels, root: Target) -> Pieces:
    """The gradient of one root, if it is all that arrives there."""
    symbol = labels.gradient(root)
    if root in labels.uses:
        return symbol, Cell(" begins with the gradient that backward was given; more comes back to it.")
    given = _seed_of(result, labels, root)
    alone = isinstance(given, Value) and given.data == 1 and len(result.graph.roots) == 1
    said = f": {labels.root} grows as fast as itself." if alone else ": the gradient that backward was given."
    return symbol, EQUALS, in_line(given, Role.BACKWARD, LONGEST), Cell(said)


def _seed_of(result: Pass, labels: Labels, root: Target) -> Shown:
    index, output_nr = root
    step = labels.by_index.get(index)
    found = step.outputs[output_nr] if step else next((leaf for leaf in result.leaves if leaf.index == index), None)
    if found is None:
        return Missing.NOT_RECORDED
    return found.by_hand if isinstance(found.by_hand, Value) else found.by_torch


def _known(each: Contribution) -> Shown:
    return each.by_hand if isinstance(each.by_hand, Value) else each.by_torch


class _Back:
    """The way back, one operation at a time."""

    def __init__(self, result: Pass, labels: Labels, contents: Contents) -> None:
        self._result, self._labels, self._clock, self._suspects = result, labels, contents.clock, contents.suspects
        self._leaves = {leaf.index: leaf for leaf in result.leaves}

    def told(self, step: Step, _labels: Labels) -> Pieces:
        """What the operation sends to each of its inputs, and what becomes whole by it."""
        lines: list[Pieces] = []
        sent = [each for each in step.contributions if asked(each)]
        formulas = [formula_of(step, each, self._labels) for each in sent if each.local is None]
        lines += _blocks_in(changed([(step.index, number) for number, output in enumerate(step.outputs) if output.rewritten], self._labels))
        lines += [told] if (told := apart(step, self._labels, self._suspects)) else []
        if any("grad" in each.text for each in formulas if each):
            lines.append(self._grad(step))
        for each in sent:
            lines += self._scalar(step, each) if each.local is not None else self._tensor(step, each)
        for target in dict.fromkeys(each.to for each in sent):
            if self._clock.complete(target) == self._clock.backward(step):
                lines += self._whole(target)
        said = [piece for line in lines for piece in (Cell("\n"), *line)][1:]
        return tuple(said) or (Cell(NOTHING),)

    def _grad(self, step: Step) -> Pieces:
        """What the formulas call by PyTorch's word."""
        symbols = [self._labels.gradient((step.index, number)) for number in range(len(step.outputs))]
        said = Cell("grad is what arrived: " if len(symbols) == 1 else "grads are what arrived: ")
        return (said, *[piece for each in symbols[:FEW] for piece in (Cell(", "), each)][1:], Cell(", …." if len(symbols) > FEW else "."))

    def _scalar(self, step: Step, each: Contribution) -> Iterator[Pieces]:
        """How fast the result grows with the input; and what arrives, times that."""
        labels, several = self._labels, len(self._labels.uses[each.to]) > 1
        made, taken = labels.cell((step.index, 0)), labels.cell(each.to)
        symbol, *parts = local_parts(step, each, labels)
        numbers = local_in_numbers(step, each, labels)
        chain = {piece.text: piece for piece in (symbol, *parts[:-1], *([numbers] if numbers and len(parts) > 1 else []), parts[-1])}
        yield Cell("How fast does "), made, Cell(" grow with "), taken, Cell("? "), *_chained(list(chain.values())), Cell(".")
        gradient, *sent = backward_parts(step, each, labels, via=several)
        start = labels.gradient((step.index, 0), Role.PLAIN)
        rule = Cell(f"{start.text} · {symbol.text}", Role.PLAIN, rf"{start.latex} \cdot {symbol.latex}")
        head = (gradient, rule) if gradient.text != symbol.text and upstream(step) is not None else (gradient,)
        yield Cell("Times what arrived at "), made, Cell(": "), *_chained([*head, *sent]), Cell(".")

    def _tensor(self, step: Step, each: Contribution) -> Iterator[Pieces]:
        """The formula, what came of it, and what happened to that before the input took it."""
        labels, formula, shown = self._labels, formula_of(step, each, self._labels), in_line(_known(each), Role.BACKWARD, LONGEST)
        via = f" via {labels.cell((step.index, 0)).text}" if len(labels.uses[each.to]) > 1 else ""
        head = labels.gradient(each.to)
        head = Cell(f"{head.text}{via}", head.role, "" if via else head.latex)
        changes = list(adjusted(each, self._result, labels))
        said = "".join(f", {words}" for words, _ in changes)
        source = Cell("" if formula else f" ({without_rule(each)})" if without_rule(each) else "", Role.FAINT)
        unjudged = () if each.comparison.verdict in (Verdict.AGREES, Verdict.DIFFERS) else (Cell("; "), *verdict(each.comparison))
        yield *_chained([head, *([formula] if formula else [])]), Cell(said), EQUALS, shown, source, *unjudged, Cell(".")
        yield from ((Cell(f"{why}.", Role.FAINT),) for _, why in changes)
        if each.comparison.verdict is Verdict.DIFFERS:
            yield Cell("PyTorch sends "), in_line(each.by_torch, Role.LOUD, LONGEST), Cell(": "), *verdict(each.comparison)

    def _whole(self, target: tuple[int, int]) -> Iterator[Pieces]:
        """The sum where a value is used more than once; and of a weight PyTorch's number."""
        labels, sent = self._labels, self._labels.uses[target]
        if len(sent) > 1:
            parts = [product(step, each)[-1] for step, each in sent]
            total = in_line(labels.worked(target), Role.BACKWARD, LONGEST)
            short = len(parts) <= FEW and all(len(each.text) <= BESIDE for each in parts)
            added = [Cell(" + ".join(_held(each.text) for each in parts))] if short else []
            said = Cell(f" is used {counted(len(sent), 'time')}, and what comes back is added: ")
            yield labels.cell(target), said, *_chained([labels.gradient(target), *added, total]), Cell(".")
        leaf = self._leaves.get(target[0])
        if leaf is not None:
            yield from _blocks_in(changed([target] * leaf.rewritten, labels))
            yield from self._beside(leaf)

    def _beside(self, leaf: Leaf) -> Iterator[Pieces]:
        """A weight's whole gradient by hand, where that was not just told, and in PyTorch; and what it was added to."""
        name = self._labels.cell((leaf.index, 0))
        if not _is_short(leaf.by_torch):
            yield name, Cell(" by hand and in PyTorch: "), *verdict(leaf.comparison)
            return
        if leaf.comparison.verdict is Verdict.DIFFERS:
            yield (
                Cell("By hand all the way: "),
                self._labels.gradient((leaf.index, 0)),
                EQUALS,
                cell(leaf.by_hand, Role.BACKWARD),
                Cell("."),
            )
        yield remark(leaf, self._result, self._labels)
        if self._result.kind == "backward" and isinstance(leaf.grad_before, Value) and isinstance(leaf.grad_after, Value):
            yield name, Cell(".grad was "), cell(leaf.grad_before), Cell(" and is "), cell(leaf.grad_after), Cell(" now: backward() adds.")


def _blocks_in(blocks: Iterable[Block]) -> Iterator[Pieces]:
    """The paragraphs among some blocks."""
    return (block.cells for block in blocks if isinstance(block, Prose))


def _held(number: str) -> str:
    """A number as a term of a sum."""
    return f"({number})" if number.startswith("−") else number

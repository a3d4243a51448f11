"""The story of a run with tensors: every operation by itself, then the weights."""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from byhand.document import Block, Cell, Heading, Prose, Role, Table
from byhand.explanation.chains import in_symbols, sum_at
from byhand.explanation.formulas import derived_of, formula_of, forward_of, helpers_in, is_nameless, lines_of
from byhand.explanation.frame import measured, place, verdict
from byhand.explanation.labels import Labels, asked, once
from byhand.results import Contribution, Leaf, Pass, Step, Verdict
from byhand.value import Value
from byhand.words import brief, cell, counted, plain, shape, size

LONGEST = 24  # operations that are told one by one
ENDS = 4  # operations at each end of a longer run
MOST_WEIGHTS = 30
BESIDE = 32  # characters of a gradient that still stands beside PyTorch's

Row = tuple[tuple[Cell, ...], ...]


def tensor_story(result: Pass, labels: Labels) -> Iterator[Block]:
    """Every operation in the order of the program, the middle of a long run counted; then the weights."""
    yield Prose((Cell(READING, Role.FAINT),))
    yield from told(labels.steps, result, labels, longest=LONGEST)
    if len(labels.steps) <= LONGEST:
        yield from sums(labels)
        yield from in_symbols(result, labels)
    yield from weights(labels.leaves, labels)


def sums(labels: Labels) -> Iterator[Block]:
    """For every value that is used more than once, what comes back to it from each place, and the sum."""
    for target, sent in labels.uses.items():
        if len(sent) > 1:
            yield sum_at(target, labels)


READING = (
    "For every operation: the value it made, the gradient that arrives at it (grad, the derivative of the loss by each of its elements), "
    "and what it sends back to each input, by its formula."
)


def told(steps: Sequence[Step], result: Pass, labels: Labels, *, longest: int) -> Iterator[Block]:
    """The operations one by one, those of one call under one heading, and what their helper functions mean."""
    if len(steps) <= longest:
        shown: list[Block] = list(_calls(steps, result, labels))
    else:
        count = counted(len(steps) - 2 * ENDS, "more operation")
        shown = [*_calls(steps[:ENDS], result, labels), Prose((Cell(f"… {count} …", Role.FAINT),)), *_calls(steps[-ENDS:], result, labels)]
    yield from shown
    yield from meanings(shown)


def meanings(shown: Sequence[Block]) -> Iterator[Block]:
    """What the helper functions mean that the blocks call; nothing if they call none."""
    texts = [piece.text for block in shown if isinstance(block, Table) for row in block.rows for part in row for piece in part]
    texts += [block.text for block in shown if isinstance(block, Heading)]
    called = helpers_in(texts)
    if called:
        yield Table(("in the formulas", ""), tuple(((Cell(f"{name}(…)", Role.CODE),), (Cell(meaning),)) for name, meaning in called))


def _calls(steps: Sequence[Step], result: Pass, labels: Labels) -> Iterator[Block]:
    """One heading for each call of the program; a call can be several operations."""
    for _, group in groupby(steps, key=lambda step: step.call if step.call >= 0 else -2 - step.index):
        together = list(group)
        last = together[-1]
        if len(together) == 1:
            yield Heading(heading(last, labels), 3)
            yield table_of(last, result, labels)
            continue
        written = plain(last.expression) or last.op
        name = f"{labels.cell((last.index, 0)).text} = " if last.name else ""
        yield Heading(f"{name}{written}{_behind(last)}   {counted(len(together), 'operation')}", 3)
        for step in together:
            yield table_of(step, result, labels, caption=_joined(step, labels))


def heading(step: Step, labels: Labels) -> str:
    """What the operation made and how, where it was written, and PyTorch's name for it."""
    return f"{_joined(step, labels)}{_behind(step)}"


def _joined(step: Step, labels: Labels) -> str:
    return " = ".join(each.text for each in equation(step, labels))


@once
def equation(step: Step, labels: Labels) -> tuple[Cell, ...]:
    """What the operation made and how: its label, the user's expression where the label says nothing, the forward expression."""
    names = [labels.cell((step.index, number)) for number in range(len(step.outputs))]
    several = Cell(", ".join(each.text for each in names[:3]) + (", …" if len(names) > 3 else ""), Role.NAME)
    label, made = names[0] if len(names) == 1 else several, forward_of(step, labels)
    written = plain(step.expression) if label.text.startswith("⟨") and step.call < 0 else ""
    parts = (label, Cell(written, Role.FORWARD), made or Cell(step.op, Role.CODE))
    return tuple({each.text: each for each in reversed(parts) if each.text}.values())[::-1]


def _behind(step: Step) -> str:
    parts = [part for part in (place(step), plain(step.module)) if part]
    return f"   ({', '.join(parts)})" if parts else ""


def table_of(step: Step, result: Pass, labels: Labels, *, caption: str = "") -> Table:
    """One operation: its values, what arrived at them, and what it sends to each input, by which formula."""
    rows: list[Row] = []
    for number, output in enumerate(step.outputs):
        which = f" {number + 1}" if len(step.outputs) > 1 else ""
        target = (step.index, number)
        rows.append(((Cell(f"value{which}", Role.FAINT),), (labels.cell(target),), (cell(output.value, Role.FORWARD),), ()))
        arrived = output.by_torch if isinstance(output.by_torch, Value) else output.by_hand
        rows.append(((Cell(f"grad{which}", Role.FAINT),), (labels.gradient(target),), (cell(arrived, Role.BACKWARD),), ()))
    rows += [((Cell("where", Role.FAINT),), (line,), (), ()) for line in derived_of(step, labels)]
    sent = [row for contribution in filter(asked, step.contributions) for row in sent_rows(step, contribution, result, labels)]
    rows += _nameless(step, [*rows, *sent])
    return Table(("", "", "", ""), (*rows, *sent), caption)


def _nameless(step: Step, rows: Sequence[Row]) -> Iterator[Row]:
    """What a formula calls by PyTorch's own word, since the user gave it no name: a dropout mask, a temporary."""
    said = " ".join(piece.text for row in rows for part in row[1:2] for piece in part)
    for operand in step.operands:
        if is_nameless(operand) and re.search(rf"\b{re.escape(operand.parameter)}\b", said):
            yield (Cell("where", Role.FAINT),), (Cell(operand.parameter),), (cell(operand.value, Role.FORWARD),), ()


def sent_rows(step: Step, contribution: Contribution, result: Pass, labels: Labels) -> Iterator[Row]:
    """What the operation sends to one input: by which formula, what becomes of it, the verdict."""
    target = (Cell(f"to {labels.cell(contribution.to).text}", Role.NAME),)
    formula = formula_of(step, contribution, labels)
    for line in lines_of(step, contribution, labels):
        yield (Cell("where", Role.FAINT),), (line,), (), ()
    known = isinstance(contribution.by_hand, Value)
    shown = cell(contribution.by_hand if known else contribution.by_torch, Role.BACKWARD)
    said = formula or Cell(without_rule(contribution), Role.FAINT)
    changes = list(adjusted(contribution, result, labels))
    given = isinstance(contribution.given, Value)
    first = Cell(shape(contribution.broadcast), Role.FAINT) if contribution.broadcast is not None else Cell("")
    first = cell(contribution.given, Role.BACKWARD) if given else first
    yield target, (said,), ((first,) if changes else (shown,)), (() if changes else verdict(contribution.comparison))
    for position, (words, why) in enumerate(changes):
        last = position == len(changes) - 1
        yield (Cell("then", Role.FAINT),), (Cell(words),), ((shown,) if last else ()), (verdict(contribution.comparison) if last else ())
        yield ((Cell(f"          {why}", Role.FAINT),),)
    if contribution.comparison.verdict is Verdict.DIFFERS:
        yield (), (Cell("PyTorch's own", Role.DIFFERS),), (cell(contribution.by_torch),), ()


OPINIONS = {
    "operations": "from the operations of its forward",
    "difference": "from differences of its forward",
    "probes": "from differences of its forward, at random",
}


def without_rule(contribution: Contribution) -> str:
    """Where the number of a contribution comes from that no rule worked; "" if there is none."""
    if isinstance(contribution.by_hand, Value) and contribution.opinion:
        return OPINIONS[contribution.opinion]
    return "PyTorch's number" if isinstance(contribution.by_torch, Value) else ""


def adjusted(contribution: Contribution, result: Pass, labels: Labels) -> Iterator[tuple[str, str]]:
    """What happens to the formula's result before the input takes it, and why: the sum over broadcast dimensions, the cast."""
    index, output_nr = contribution.to
    receiver, name = result.graph.nodes[index].outputs[output_nr], labels.cell(contribution.to).text
    if contribution.broadcast is not None:
        over, times = _repeated(contribution.broadcast, receiver.shape)
        shapes = f"{shape(contribution.broadcast)} → {shape(receiver.shape)}"
        yield f"summed over {over}", f"{name} was repeated {counted(times, 'time')} along it to fit, and every use counts: {shapes}"
    if contribution.cast is not None:
        dtype = str(receiver.dtype).removeprefix("torch.")
        yield f"cast to {dtype}", f"{name} is {dtype}, the formula gave {contribution.cast}"


def _repeated(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[str, int]:
    """The dimensions along which an input was repeated by broadcasting, and how often."""
    added = len(before) - len(after)
    over = [number for number, length in enumerate(before) if number < added or after[number - added] != length]
    word = "dimension" if len(over) == 1 else "dimensions"
    return f"{word} {', '.join(map(str, over))}", math.prod(before[number] for number in over)


def weights(leaves: Sequence[Leaf], labels: Labels) -> Iterator[Block]:
    """The gradient of every weight by hand beside PyTorch's; of many, those that do not agree come first."""
    if not leaves:
        return
    ordered = sorted(leaves, key=lambda leaf: leaf.comparison.verdict is Verdict.AGREES)
    yield Heading("The weights")
    yield Table(("weight", "gradient by hand", "PyTorch's", ""), tuple(_weight(leaf, labels) for leaf in ordered[:MOST_WEIGHTS]))
    if len(leaves) > MOST_WEIGHTS:
        agree = sum(leaf.comparison.verdict is Verdict.AGREES for leaf in leaves)
        yield Prose((Cell(f"… and {counted(len(leaves) - MOST_WEIGHTS, 'more weight')}; {agree:,} of {len(leaves):,} agree."),))


def _weight(leaf: Leaf, labels: Labels) -> Row:
    by_hand, by_torch = brief(leaf.by_hand, Role.BACKWARD), brief(leaf.by_torch)
    agrees = leaf.comparison.verdict is Verdict.AGREES
    judged = verdict(measured(leaf, [each for _, each in labels.uses.get((leaf.index, 0), [])]))
    if agrees and len(by_torch.text) > BESIDE:
        by_torch = Cell(f"off by {size(leaf.comparison.error)} at most" if leaf.comparison.error else "equal", Role.FAINT)
    return (Cell(plain(leaf.name) or labels.cell((leaf.index, 0)).text, Role.NAME),), (by_hand,), (by_torch,), judged

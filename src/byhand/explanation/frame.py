"""What stands around every story: the title, what differs, the reader's own numbers, the `.grad` ledger, the summary."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from byhand.document import Block, Cell, Heading, Ledger, Prose, Role, Table
from byhand.explanation.labels import Labels
from byhand.findings import Severity
from byhand.results import Comparison, Contribution, Leaf, Pass, Step, Verdict, Yours
from byhand.value import Missing, Shown, Value
from byhand.words import brief, cell, counted, flat, located, multiple, plain, size, value

MOST = 5  # differing places, and ledgers, that are told one by one
ROLES = {
    Verdict.AGREES: Role.AGREES,
    Verdict.DIFFERS: Role.DIFFERS,
    Verdict.INTENDED: Role.NOT_COMPARED,
    Verdict.NO_RULE: Role.NOT_COMPARED,
    Verdict.NOT_COMPARED: Role.NOT_COMPARED,
}


def title(result: Pass, labels: Labels) -> Iterator[Block]:
    """The title, and which pass of how many is shown."""
    yield Heading(headline(result, labels), 1)
    if len(result.graph.roots) > 1:
        parts = " + ".join(labels.cell((root.node, root.output_nr)).text for root in result.graph.roots[:MOST])
        more = " + …" if len(result.graph.roots) > MOST else ""
        yield Prose((Cell(f"L stands for {parts}{more}, each times the gradient that backward was given for it."),))
    if result.total > 1:
        which = f"This is backward pass {result.number:,} of {result.total:,}{_of_program(result)}"
        yield Prose((Cell(f"{which}; --step 1 … {result.total:,} or run.explain(step=…) tells another."),))


def headline(result: Pass, labels: Labels) -> str:
    """What the story is about, in one line."""
    return f"{_called(result, labels)}, worked by hand"


def _called(result: Pass, labels: Labels) -> str:
    names = ", ".join(plain(root.name) or labels.source((root.node, root.output_nr)) for root in result.graph.roots[:3])
    if result.kind == "grad":
        return f"torch.autograd.grad({names}, …)"
    return f"{names}.backward()" if names.isidentifier() else f"backward() from {names}"


def _of_program(result: Pass) -> str:
    return f" of {plain(result.program)}" if result.program else ""


def place(step: Step) -> str:
    """Where the user wrote the operation: file:line, or the line of a notebook's cell; "" if that is not known."""
    return located(step.origin)


def verdict(comparison: Comparison) -> tuple[Cell, ...]:
    """The verdict in words, with how far off it is where that is worth a word."""
    role = ROLES[comparison.verdict]
    match comparison.verdict:
        case Verdict.AGREES:
            return (Cell("agrees", role),)
        case Verdict.DIFFERS:
            return (Cell(off(comparison), role),)
        case Verdict.INTENDED:
            return (Cell("differs as declared", role),)
    reason = f": {plain(comparison.reason, 80)}" if comparison.reason else ""
    return (Cell(f"{comparison.verdict.value}{reason}", role),)


def off(comparison: Comparison) -> str:
    """How far a difference goes: at the element that is the farthest beyond its floor, or of the whole."""
    if comparison.factor and not comparison.wrong:
        return f"differs as a whole: {multiple(comparison.factor)} × the one by hand"
    return f"differs by {size(comparison.error)}{at(comparison.where)}"


def at(where: tuple[int, ...]) -> str:
    """Where in a tensor, as part of a sentence."""
    return f" at {list(where)}" if where else ""


def yours(result: Pass, labels: Labels) -> Iterator[Block]:
    """The reader's own numbers beside ours and PyTorch's."""
    if not result.yours:
        return
    yield Heading("Your numbers")
    rows = tuple(_yours_row(each, result, labels) for each in result.yours)
    yield Table(("", "yours", "by hand", "PyTorch", ""), rows)


def _yours_row(each: Yours, result: Pass, labels: Labels) -> tuple[tuple[Cell, ...], ...]:
    by_hand, by_torch = _gradients(each.target, result, labels)
    return (labels.gradient(each.target),), (cell(each.value),), (cell(by_hand),), (cell(by_torch),), (_worth(each),)


def _gradients(target: tuple[int, int], result: Pass, labels: Labels) -> tuple[Shown, Shown]:
    for leaf in result.leaves:
        if leaf.index == target[0]:
            return leaf.by_hand, leaf.by_torch
    step = labels.by_index.get(target[0])
    if step is None or target[1] >= len(step.outputs):
        return Missing.NOT_RECORDED, Missing.NOT_RECORDED
    return step.outputs[target[1]].by_hand, step.outputs[target[1]].by_torch


def _worth(each: Yours) -> Cell:
    if each.verdict is Verdict.AGREES:
        return Cell("exact" if each.exact else "agrees to the digits you wrote", Role.AGREES)
    if each.verdict is Verdict.DIFFERS:
        return Cell(f"differs by {size(each.error)}{at(each.where)}", Role.DIFFERS)
    return Cell(each.verdict.value, Role.NOT_COMPARED)


def grad_ledgers(result: Pass) -> Iterator[Block]:
    """How `.grad` came about, for weights where it is more than what this pass sent; without a backward(), what it holds."""
    if result.source == "direct":
        yield from _held(result)
        return
    told = [leaf for leaf in result.leaves if result.kind == "backward" and accumulated(leaf)]
    for leaf in told[:MOST]:
        yield ledger(leaf)
    if told:
        yield Prose((Cell(ADDS),))
    if len(told) > MOST:
        yield Prose((Cell(f"The same holds for {counted(len(told) - MOST, 'more weight')}."),))


ADDS = "backward() adds to .grad, it does not replace it; optimizer.zero_grad() (or w.grad = None) starts again from nothing."


def _held(result: Pass) -> Iterator[Block]:
    holding = [leaf for leaf in result.leaves if isinstance(leaf.grad_before, Value)]
    if holding:
        said = ", ".join(f"{plain(leaf.name)}.grad holds {brief(leaf.grad_before).text}" for leaf in holding[:MOST])
        more = f", {counted(len(holding) - MOST, 'more weight')} hold one too" if len(holding) > MOST else ""
        yield Prose((Cell(f"{said}{more} already; backward() would add to it."),))


def accumulated(leaf: Leaf) -> bool:
    """Whether the `.grad` of a weight is more than what this pass sent."""
    if isinstance(leaf.grad_before, Value):
        return True
    return isinstance(leaf.grad_after, Value) and isinstance(leaf.by_torch, Value) and not same(leaf.grad_after, leaf.by_torch)


def same(one: Shown, other: Shown) -> bool:
    """Whether two values are the same, as far as they are known; NaN is the same as NaN."""
    if not (isinstance(one, Value) and isinstance(other, Value)) or one.shape != other.shape:
        return False
    if one.whole and other.whole:
        return all(_change(last, first) is None for last, first in zip(flat(one.data), flat(other.data), strict=True))
    return (one.minimum, one.maximum, one.norm, one.nonfinite) == (other.minimum, other.maximum, other.norm, other.nonfinite)


def _change(after: Any, expected: Any, noise: float = 0.0) -> Any:
    """By how much a number is not the expected one; None if it is, to the noise, and equal where one of them is not finite."""
    if after == expected or (after != after and expected != expected):
        return None
    change = after - expected
    return None if abs(change) <= noise < math.inf else change


def measured(leaf: Leaf, sent: Sequence[Contribution]) -> Comparison:
    """The comparison of a weight; where one operation alone sent it a wrong gradient, that one's, which the findings tell."""
    if len(sent) != 1 or sent[0].comparison.verdict is not Verdict.DIFFERS:
        return leaf.comparison
    alike = same(sent[0].by_hand, leaf.by_hand) and same(sent[0].by_torch, leaf.by_torch)
    return sent[0].comparison if alike else leaf.comparison


def _differing(result: Pass) -> int:
    """How many weights differ."""
    sent: dict[int, list[Contribution]] = {leaf.index: [] for leaf in result.leaves}
    for step in result.steps:
        for each in step.contributions:
            if each.to[0] in sent:
                sent[each.to[0]].append(each)
    return sum(measured(leaf, sent[leaf.index]).verdict is Verdict.DIFFERS for leaf in result.leaves)


def ledger(leaf: Leaf) -> Ledger:
    """How the `.grad` of a weight came about."""
    name = plain(leaf.name)
    rows = [(Cell(f"{name}.grad before"), cell(leaf.grad_before)), (Cell("this pass adds"), cell(leaf.by_torch))]
    other = other_change(leaf)
    rows += [(Cell("hooks, clipping, other processes"), Cell(other))] if other else []
    return Ledger(f"{name}.grad is a running sum", tuple(rows), (Cell(f"{name}.grad after", Role.NAME), cell(leaf.grad_after)))


def other_change(leaf: Leaf) -> str:
    """What changed `.grad` besides this pass; "" for nothing, or where it cannot be seen."""
    if not (isinstance(leaf.grad_after, Value) and isinstance(leaf.by_torch, Value) and leaf.grad_after.whole and leaf.by_torch.whole):
        return ""
    after, sent = flat(leaf.grad_after.data), flat(leaf.by_torch.data)
    before = flat(leaf.grad_before.data) if isinstance(leaf.grad_before, Value) and leaf.grad_before.whole else [0.0] * len(after)
    if leaf.grad_before is Missing.NOT_RECORDED or not len(after) == len(sent) == len(before):
        return ""
    together = zip(after, before, sent, strict=True)
    found = [_change(last, first + middle, 1e-5 * (abs(last) + abs(first) + abs(middle))) for last, first, middle in together]
    if all(each is None for each in found):
        return ""
    change = [each or 0.0 for each in found]
    if not all(abs(each) < math.inf for each in change):
        return "replaced it"
    return value(Value(leaf.by_torch.shape, leaf.by_torch.dtype, change[0] if leaf.by_torch.shape == () else change))


def summary(result: Pass) -> Iterator[Block]:
    """The last line: how many operations, how they were judged, and why some were not."""
    coverage = result.coverage
    cells = [Cell(f"{counted(coverage.nodes, 'operation')}: ")]
    if not result.judged:
        yield Prose((*cells, Cell("recorded, not judged", Role.NOT_COMPARED)))
        return
    cells += [Cell(part, role) for part, role in _counts(result)]
    if result.interrupted is not None:
        done, planned = result.interrupted
        said = f"Interrupted after {done:,} of {counted(planned, 'operation')}; the rest is not compared."
        cells += [Cell("\n"), Cell(said, Role.NOT_COMPARED)]
    cells += [Cell(f"\n{SHARED}", Role.FAINT)] if result.shared else []
    cells += [Cell(f"\n{DIRECT}{_not_called(result.hooks)}", Role.FAINT)] if result.source == "direct" else []
    if result.source == "direct" and any(each.opinion for step in result.steps for each in step.contributions):
        cells.append(Cell(CALLED.format(times="once" if result.second is None else "twice"), Role.FAINT))
    if result.passed_over:
        passes = counted(result.passed_over, "backward pass", "backward passes")
        said = f"{passes} batched by vmap (is_grads_batched=True, torch.func) not judged: each stands for many."
        cells += [Cell("\n"), Cell(said, Role.NOT_COMPARED)]
    yield Prose(tuple(cells))


DIRECT = "PyTorch's numbers were asked for node by node, not taken from a backward() of yours."
CALLED = " The forward of a custom Function was called once more for it, and its backward {times}."
SHARED = "In a run this large each gradient by hand is worked from PyTorch's own gradient one step above it."


def _not_called(hooks: Sequence[str]) -> str:
    names = ", ".join(map(plain, hooks[:MOST])) + (", …" if len(hooks) > MOST else "")
    return f" The hooks on {names} were not called; backward() will call them." if hooks else ""


def _counts(result: Pass) -> Iterator[tuple[str, Role]]:
    coverage, leaves = result.coverage, _differing(result)
    yield f"{coverage.by_rule:,} worked by our rules", Role.PLAIN
    if coverage.by_difference:
        yield f", {coverage.by_difference:,} checked by differences", Role.PLAIN
    yield ", ", Role.PLAIN
    yield f"{coverage.not_compared:,} not compared", Role.NOT_COMPARED if coverage.not_compared else Role.PLAIN
    if coverage.reasons:
        yield f" ({', '.join(f'{count:,} × {plain(reason, 80)}' for reason, count in coverage.reasons.items())})", Role.PLAIN
    yield ", ", Role.PLAIN
    if coverage.intended:
        yield f"{coverage.intended:,} {'differs' if coverage.intended == 1 else 'differ'} as declared, ", Role.PLAIN
    if coverage.differ:
        yield f"{coverage.differ:,} {'differs' if coverage.differ == 1 else 'differ'}", Role.DIFFERS
    if coverage.differ and leaves:
        yield ", ", Role.PLAIN
    if leaves:
        yield f"{counted(leaves, 'weight')} {'differs' if leaves == 1 else 'differ'}", Role.DIFFERS
    if not coverage.differ and not leaves:
        yield _none_differs(result)
        if has_error(result):
            yield ", ", Role.PLAIN
            yield "something else is wrong", Role.DIFFERS


def has_error(result: Pass) -> bool:
    """Whether something is wrong with the pass that its numbers alone need not show."""
    return any(each.severity is Severity.ERROR for each in result.findings)


def _none_differs(result: Pass) -> tuple[str, Role]:
    coverage, edges = result.coverage, (each for step in result.steps for each in step.contributions)
    if coverage.by_rule or coverage.by_difference:
        words = "no other differs" if coverage.intended else "none differs"
        spoiled = coverage.not_compared or result.interrupted is not None or has_error(result)
        return words, Role.PLAIN if spoiled else Role.AGREES
    # a node that is not judged whole can still have an edge that was compared
    if any(each.comparison.verdict is Verdict.AGREES for each in edges):
        return "none differs", Role.PLAIN
    return "nothing was compared", Role.NOT_COMPARED

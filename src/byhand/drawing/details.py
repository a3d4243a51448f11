"""What is told of one box or arrow when a reader asks for it: the same blocks as in the story, one by one."""

from collections.abc import Iterator, Sequence

from byhand.document import Block, Cell, Formula, Heading, Prose, Role, Table
from byhand.drawing.contents import worst
from byhand.drawing.large import LARGE
from byhand.drawing.large import sent as sent_in_short
from byhand.drawing.modules import of_modules
from byhand.drawing.suspects import apart, suspects
from byhand.explanation.chains import LONGEST, chain_of, is_scalar, sum_at, ways_to
from byhand.explanation.frame import ADDS, accumulated, ledger, verdict
from byhand.explanation.labels import Labels, Target, asked
from byhand.explanation.modules import in_floors, is_judged
from byhand.explanation.scalar import COLUMNS as SCALARS
from byhand.explanation.scalar import backward_parts, rows_of
from byhand.explanation.tensor import equation, heading, meanings, sent_rows, table_of, weights
from byhand.explanation.wrong import changed, how
from byhand.results import Comparison, Constant, Contribution, Leaf, Pass, Step, Verdict
from byhand.value import Shown
from byhand.words import brief, cell, counted, plain, size

Details = dict[str, tuple[Block, ...]]
Row = tuple[tuple[Cell, ...], ...]
USES = 12  # operations that are named as users of a constant
FACTORS = "Each factor is one arrow of the picture: what arrives at a value, sent on to what it was made from."
SENT = 3  # uses of a weight that are told one by one


def details(result: Pass, labels: Labels) -> Details:
    """The details by key: operations "s12", contributions "s12.0", weights "w3", constants "c0", modules "m:h.0".

    Of a run of more than a few thousand operations there are short ones, and none of contributions: those are told with the operation.
    """
    teller = _Short(result, labels) if len(result.steps) > LARGE else _Teller(result, labels)
    found: Details = {}
    for step in labels.steps:
        found |= teller.operation(step)
    for leaf in result.leaves:
        found[f"w{leaf.index}"] = tuple(teller.weight(leaf))
    users = _users(result)
    for number, constant in enumerate(result.constants):
        found[f"c{number}"] = tuple(_constant(constant, users.get(constant.name, []), labels))
    return found | of_modules(result, labels)


class _Teller:
    """Details of a run that is small enough to tell everything."""

    def __init__(self, result: Pass, labels: Labels) -> None:
        self._result, self._labels = result, labels
        self._scalar, self._suspects = is_scalar(result), suspects(labels)

    def operation(self, step: Step) -> Details:
        """An operation, and each of its contributions."""
        told = {f"s{step.index}": tuple(self._operation(step))}
        return told | {f"s{step.index}.{each.edge}": tuple(self._contribution(step, each)) for each in step.contributions}

    def _operation(self, step: Step) -> Iterator[Block]:
        labels = self._labels
        yield Heading(heading(step, labels), 3)
        yield Prose((Cell("PyTorch's node: ", Role.FAINT), Cell(step.op, Role.CODE)))
        if _in_numbers(step):
            yield Table(SCALARS, tuple(rows_of(step, labels)))
            yield from (self._chained(step, each) for each in step.contributions if asked(each))
        else:
            table = table_of(step, self._result, labels)
            yield from (table, *meanings([table]))
        yield from changed([(step.index, number) for number, output in enumerate(step.outputs) if output.rewritten], labels)
        yield from (Prose(told) for told in [apart(step, labels, self._suspects)] if told)
        for number in range(len(step.outputs)):
            if len(labels.uses.get((step.index, number), ())) > 1:
                yield sum_at((step.index, number), labels)
        sent = [each for each in step.contributions if asked(each)]
        yield from _beside(*((labels.cell(each.to), each.by_hand, each.by_torch, each.comparison) for each in sent))

    def _chained(self, step: Step, each: Contribution) -> Formula:
        """∂loss/∂ŷ = ∂loss/∂s · ∂s/∂ŷ = −2 · 1 = −2, with the verdict."""
        labels, several = self._labels, len(self._labels.uses[each.to]) > 1
        gradient, *sent = backward_parts(step, each, labels, via=several)
        start, local = labels.gradient((step.index, 0), Role.PLAIN), labels.local(step, 0, each.to)
        rule = Cell(f"{start.text} · {local.text}", Role.PLAIN, rf"{start.latex} \cdot {local.latex}")
        return Formula((gradient, *([rule] if len(sent) > 1 else []), *sent), (Cell("   "), *verdict(each.comparison)))

    def _contribution(self, step: Step, each: Contribution) -> Iterator[Block]:
        labels = self._labels
        yield Heading(f"from {equation(step, labels)[0].text} back to {labels.cell(each.to).text}", 3)
        if not asked(each):
            yield Prose(verdict(each.comparison))
            return
        if each.local is not None:
            yield self._chained(step, each)
        else:
            table = Table(("", "", "", ""), tuple(sent_rows(step, each, self._result, labels)))
            yield from (table, *meanings([table]))
        if len(labels.uses[each.to]) > 1:
            yield sum_at(each.to, labels)
        yield from _beside((labels.cell(each.to), each.by_hand, each.by_torch, each.comparison))

    def weight(self, leaf: Leaf) -> Iterator[Block]:
        """The chain rule for a weight, path by path, ending in PyTorch's number; and how its `.grad` came about."""
        labels, target = self._labels, (leaf.index, 0)
        yield Heading(plain(leaf.name) or labels.cell(target).text, 3)
        short = len(self._result.steps) <= LONGEST
        if self._scalar:
            yield from chain_of(leaf, self._result, labels, written=short)
        else:
            ways = tuple(ways_to(leaf, self._result, labels)) if short else ()
            if ways:
                yield from (Table(("",), ways), Prose((Cell(FACTORS, Role.FAINT),)))
            else:
                yield from self._uses(target)
            if len(labels.uses.get(target, ())) > 1:
                yield sum_at(target, labels)
        yield from _kept(leaf, self._result)
        yield from _beside((labels.cell(target), leaf.by_hand, leaf.by_torch, leaf.comparison))

    def _uses(self, target: Target) -> Iterator[Block]:
        """What comes back to a weight from the operations that use it."""
        labels, sent = self._labels, self._labels.uses.get(target, ())
        for step, each in sent[:SENT]:
            yield Table(("", "", "", ""), tuple(sent_rows(step, each, self._result, labels)), heading(step, labels))
        if len(sent) > SENT:
            yield Prose((Cell(f"… and {counted(len(sent) - SENT, 'more use')}"),))


class _Short:
    """Details of a large run: what an operation made and what it sends, a line each."""

    def __init__(self, result: Pass, labels: Labels) -> None:
        self._result, self._labels = result, labels
        self._scalar = is_scalar(result)

    def operation(self, step: Step) -> Details:
        """An operation in one block."""
        sent = [each for each in step.contributions if asked(each)]
        judged = [piece for each in sent[:1] for piece in (Cell("   "), *verdict(each.comparison))] if len(sent) == 1 else []
        found = (
            [Cell("   "), Cell(worst(each.comparison for each in sent), Role(worst(each.comparison for each in sent)))]
            if len(sent) > 1
            else judged
        )
        return {f"s{step.index}": (Prose((*sent_in_short(step, self._labels), *found)),)}

    def weight(self, leaf: Leaf) -> Iterator[Block]:
        """A weight's gradient beside PyTorch's; and how its `.grad` came about."""
        yield Heading(plain(leaf.name) or self._labels.cell((leaf.index, 0)).text, 3)
        if self._scalar:
            yield from chain_of(leaf, self._result, self._labels, written=False)
        else:
            yield from list(weights([leaf], self._labels))[1:]
        yield from _kept(leaf, self._result)


def _in_numbers(step: Step) -> bool:
    """Whether the operation is told with local derivatives: single numbers in and out."""
    return len(step.outputs) == 1 and all(each.local is not None for each in step.contributions if asked(each)) and bool(step.contributions)


Compared = tuple[Cell, Shown, Shown, Comparison]


def _beside(*compared: Compared) -> Iterator[Block]:
    """By hand above PyTorch's, and the error in units of what rounding explains, where the two were compared."""
    judged = [each for each in compared if is_judged(each[3])]
    rows: list[Row] = []
    for label, by_hand, by_torch, found in judged:
        rows += [((label,),)] * (len(compared) > 1)
        rows.append(((Cell("by hand", Role.FAINT),), (brief(by_hand, Role.BACKWARD),), ()))
        rows.append(((Cell("PyTorch", Role.FAINT),), (brief(by_torch),), verdict(found)))
        rows.append(((Cell("off by", Role.FAINT),), (_off(found),), ()))
        wrong = how(by_hand, by_torch, found) if found.verdict is Verdict.DIFFERS else ""
        rows += [((Cell("how", Role.FAINT),), (Cell(wrong),), ())] if wrong else []
    if rows:
        yield Table(("", "", ""), tuple(rows))


def _off(found: Comparison) -> Cell:
    if not found.error:
        return Cell("0, to the last bit")
    return Cell(f"{size(found.error)}, {size(in_floors(found))} times what rounding explains")


def _kept(leaf: Leaf, result: Pass) -> Iterator[Block]:
    if result.source == "engine" and result.kind == "backward" and accumulated(leaf):
        yield from (ledger(leaf), Prose((Cell(ADDS),)))


def _users(result: Pass) -> dict[str, list[Step]]:
    """Which operations used each constant, the first of the program first."""
    users: dict[str, list[Step]] = {}
    for step in reversed(result.steps):
        for name in {operand.name: None for operand in step.operands if operand.constant and operand.name}:
            users.setdefault(name, []).append(step)
    return users


def _constant(constant: Constant, users: Sequence[Step], labels: Labels) -> Iterator[Block]:
    """A value without gradient, and what it was used in."""
    yield Heading(plain(constant.name), 3)
    yield Table(
        ("", "", ""), (((Cell("value", Role.FAINT),), (Cell(plain(constant.name), Role.NAME),), (cell(constant.value, Role.FORWARD),)),)
    )
    yield Prose((Cell("It takes no gradient: the pass goes through it, not to it.", Role.FAINT),))
    if users:
        named = ", ".join(labels.cell((step.index, 0)).text for step in users[:USES])
        yield Prose((Cell("used in "), Cell(named + (", …" if len(users) > USES else ""), Role.NAME)))

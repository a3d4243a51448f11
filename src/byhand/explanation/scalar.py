"""The story of a small run of scalars: one table, then the chain rule for every weight."""

from collections.abc import Iterator

from byhand.document import Block, Cell, Prose, Role, Table
from byhand.explanation.chains import LONGEST, chains, sum_at
from byhand.explanation.formulas import forward_of, local_of
from byhand.explanation.frame import verdict
from byhand.explanation.inferred import inferred
from byhand.explanation.labels import Labels, asked
from byhand.explanation.products import local_number, product
from byhand.results import Comparison, Contribution, Pass, Step, Verdict
from byhand.value import Shown
from byhand.words import cell, plain

COLUMNS = ("forward", "local derivative", "backward")
MOST_GIVEN = 8
ENDS = 4  # operations at each end of a longer chain

Pieces = tuple[Cell, ...]


def scalar_story(result: Pass, labels: Labels) -> Iterator[Block]:
    """Inputs, the table of all steps, the sums where a value is used more than once, the chain rule for every weight."""
    yield from _given(result, labels)
    short = len(result.steps) <= LONGEST
    if short:
        yield from inferred(labels)
    shown = labels.steps if short else (*labels.steps[:ENDS], *labels.steps[-ENDS:])
    rows = [row for step in shown for row in rows_of(step, labels, several=short)]
    if not short:
        middle = len(labels.steps) - 2 * ENDS
        rows.insert(
            sum(1 for step in shown[:ENDS] for _ in rows_of(step, labels, several=short)),
            ((Cell(f"… {middle:,} more operations …", Role.FAINT),),),
        )
    yield Table(COLUMNS, tuple(rows))
    yield Prose((Cell(READING, Role.FAINT),))
    if short:
        yield from _sums(labels)
    yield from chains(result, labels, written=short)


READING = (
    "Read forward from top to bottom: each line computes one value. A local derivative says how fast that value grows with its input. "
    "Read backward from bottom to top: what arrives at a value, times the local derivative, goes on to the input."
)


def _given(result: Pass, labels: Labels) -> Iterator[Block]:
    weights = _listed("weights    ", [(labels.source((leaf.index, 0)), leaf.value) for leaf in labels.leaves])
    constants = _listed("constants  ", [(constant.name, constant.value) for constant in result.constants if constant.name])
    between = (Cell("\n"),) if weights and constants else ()
    if weights or constants:
        yield Prose((*weights, *between, *constants))


def _listed(title: str, values: list[tuple[str, Shown]]) -> tuple[Cell, ...]:
    """The names with their values, the first few of many."""
    if not values:
        return ()
    parts = [Cell(title, Role.FAINT)]
    for name, shown in values[:MOST_GIVEN]:
        parts += [Cell(plain(name), Role.NAME), Cell(" = "), cell(shown), Cell("   ")]
    more = len(values) - MOST_GIVEN
    return *parts[:-1], *([Cell(f"   … and {more:,} more")] if more > 0 else [])


def rows_of(step: Step, labels: Labels, *, several: bool = True) -> Iterator[tuple[Pieces, ...]]:
    """The rows of one operation: forward once, local derivative and backward once for each input."""
    forward = _forward(step, labels)
    for contribution in filter(asked, step.contributions):
        via = several and len(labels.uses[contribution.to]) > 1
        yield forward, local_parts(step, contribution, labels), backward_parts(step, contribution, labels, via=via)
        forward = ()
    if forward:
        yield forward, (), ()


def _forward(step: Step, labels: Labels) -> Pieces:
    label, made = labels.cell((step.index, 0)), forward_of(step, labels)
    shown = cell(step.outputs[0].value, Role.FORWARD)
    return (label, Cell(""), shown) if made is None or made.text == label.text else (label, made, shown)


def local_parts(step: Step, contribution: Contribution, labels: Labels) -> Pieces:
    """The local derivative: its symbol, its formula where that says more, its number."""
    symbol, formula = labels.local(step, 0, contribution.to), local_of(step, contribution, labels)
    known = Cell(local_number(step, contribution))
    if contribution.local is None:
        known = Cell("not recorded", Role.MISSING) if contribution.rule else _unjudged(contribution.comparison)
    return (symbol, known) if formula is None or formula.text == known.text else (symbol, formula, known)


def _unjudged(comparison: Comparison) -> Cell:
    """Why there is no local derivative; what a missing rule is about stands in the summary."""
    (said,) = verdict(comparison)
    return Cell(comparison.verdict.value, said.role) if comparison.verdict is Verdict.NO_RULE else said


def backward_parts(step: Step, contribution: Contribution, labels: Labels, *, via: bool) -> Pieces:
    """What goes back to an input: the gradient's symbol (`via` the operation, where there are several), the product, the number."""
    symbol = labels.gradient(contribution.to)
    if via:
        through = labels.cell((step.index, 0)).text
        symbol = Cell(f"{symbol.text} via {through}", symbol.role, rf"{symbol.latex}\text{{ via }}{labels.cell((step.index, 0)).latex}")
    return (symbol, *product(step, contribution))


def _sums(labels: Labels) -> Iterator[Block]:
    """For every intermediate value that is used more than once, what comes back to it and the sum."""
    for target, sent in reversed(labels.uses.items()):
        if len(sent) > 1 and target[0] in labels.by_index:
            yield sum_at(target, labels)

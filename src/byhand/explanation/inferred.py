"""Values that PyTorch did not keep and nobody recorded, but that follow from those around them."""

from collections.abc import Iterator

from byhand.document import Block, Cell, Prose, Role
from byhand.explanation.formulas import UNKNOWN, forward_of, missing_of, numbers_of, parameter_of
from byhand.explanation.labels import Labels
from byhand.formula import Unsupported, read, symbol, symbolic
from byhand.results import Step
from byhand.rules.table import FORWARD
from byhand.words import counted, number, single

MOST = 5
ADVICE = "with byhand.record() as run:"


def inferred(labels: Labels) -> Iterator[Block]:
    """One line for each operation with an unknown operand: what it must have been, and how to see it; nothing if all is known."""
    told = [(step, made, follows(step, labels)) for step in labels.steps if missing_of(step, labels) and (made := forward_of(step, labels))]
    if not told:
        return
    cells = [Cell("not recorded  ", Role.FAINT)]
    for step, made, value in told[:MOST]:
        name = labels.cell((step.index, 0)).text
        cells.append(Cell(f"in {name} = {made.text}, {UNKNOWN} is a value that PyTorch did not keep"))
        cells.append(Cell(f"; {number(value, 'float32')} follows from the others\n" if value is not None else "\n"))
    if len(told) > MOST:
        cells.append(Cell(f"… and {counted(len(told) - MOST, 'more such value')}\n"))
    yield Prose((*cells, Cell("To see such values too, put the forward pass under "), Cell(ADVICE, Role.CODE)))


def follows(step: Step, labels: Labels) -> float | None:
    """The one number that the unknown operand of a scalar operation can have been; None if there is no such number."""
    import sympy

    parameter, result = missing_of(step, labels), single(step.outputs[0].value)
    if result is None or not parameter:
        return None
    values = dict(numbers_of(step, labels)) | {each.parameter: known for each in step.operands if (known := single(each.value)) is not None}
    for each in step.contributions:
        known = single(labels.value(each.to))
        values |= {parameter_of(step, each): known} if known is not None else {}
    unknown = symbol(parameter)
    try:
        found = sympy.solve(symbolic(read(FORWARD[step.op]), {**values, parameter: unknown}) - sympy.Float(result), unknown)
        return float(found[0]) if len(found) == 1 else None
    except (Unsupported, NotImplementedError, TypeError, ValueError):
        return None

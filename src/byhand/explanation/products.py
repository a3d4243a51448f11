"""One link of the chain in numbers: what arrives, times the local derivative, is what goes on."""

import math
from typing import Final

from byhand.document import Cell, Role
from byhand.results import Contribution, Leaf, Step, Verdict
from byhand.value import Shown, Value
from byhand.words import cell, number, single

ROUNDING: Final = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
UNITS: Final = 32  # of rounding that a number worked out in another way may be off

Pieces = tuple[Cell, ...]


def gives(worked: float, leaf: Leaf) -> bool:
    """Whether a number worked out in another way is the gradient of the leaf, to rounding."""
    total = single(leaf.by_hand)
    if total is None or not math.isfinite(total) or not isinstance(leaf.by_hand, Value):
        return False
    allowed = UNITS * ROUNDING.get(leaf.by_hand.dtype, 0.0) * abs(total)
    return abs(worked - total) <= max(allowed, leaf.comparison.floor)


def local_number(step: Step, contribution: Contribution) -> str:
    """The local derivative as a number, in the digits of the operation's dtype; "" if there is none."""
    shown = step.outputs[0].value
    return "" if contribution.local is None else number(contribution.local, shown.dtype if isinstance(shown, Value) else "float32")


def product(step: Step, contribution: Contribution) -> Pieces:
    """What arrives · local derivative = what goes on; PyTorch's own number beside it where that differs."""
    sent = cell(contribution.by_hand, Role.BACKWARD)
    if contribution.comparison.verdict is Verdict.DIFFERS:
        sent = Cell(f"{sent.text} (PyTorch: {cell(contribution.by_torch).text})", Role.DIFFERS)
    elif not isinstance(contribution.by_hand, Value) and isinstance(contribution.by_torch, Value):
        sent = Cell(f"{cell(contribution.by_torch).text} (PyTorch's)", Role.NOT_COMPARED)
    arrived = upstream(step)
    if contribution.local is None or arrived is None:
        return (sent,)
    return Cell(f"{cell(arrived).text} · {local_number(step, contribution)}"), sent


def upstream(step: Step) -> Shown | None:
    """The gradient that the rule was fed: PyTorch's own, else ours; None if neither is known."""
    output = step.outputs[0]
    return next((each for each in (output.by_torch, output.by_hand) if isinstance(each, Value)), None)

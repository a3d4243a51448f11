"""Numbers by which a picture can be coloured: how large gradients are, how far off, where they are not finite."""

import math
import sys
from collections.abc import Iterable, Sequence

from byhand.drawing.rows import nonfinite_of
from byhand.explanation.labels import asked
from byhand.explanation.modules import in_floors, is_judged
from byhand.picture import Box, Heat, Kind, Part
from byhand.results import Comparison, Leaf, Output, Pass
from byhand.value import Shown, Value
from byhand.words import counted, rounded, size, size_of

Known = dict[str, tuple[float, str]]
"""A number for each operation and each weight with its text, by the key of its details."""

Held = Sequence[Output | Leaf]
"""What an operation made, or a weight."""

ERROR = "error in units of the rounding floor"
NOT_FINITE = "not finite"
BEYOND = 10.0  # times the largest number: where what has no finite number is drawn


def heats(result: Pass, root: Part) -> tuple[Heat, ...]:
    """The colourings that have something to show, each with a number for every box; the number of a closed part is the largest inside."""
    kinds = (
        ("norm of the gradient", _norms(result)),
        (ERROR, _errors(result)),
        (NOT_FINITE, _nonfinite(result)),
    )
    return tuple(_heat(name, known, result, root) for name, known in kinds if any(number for number, _ in known.values()))


def _heat(name: str, known: Known, result: Pass, root: Part) -> Heat:
    parts = _from_below(root)
    values, texts = _on_boxes(known, parts)
    innermost = [box for part in parts for box in part.boxes if not box.inside and box.key in values]
    worst = _first_cause(result, innermost) if name == NOT_FINITE else _hottest(_blamed(name, innermost, values), values)
    return Heat(name, values, texts, worst)


def _on_boxes(known: Known, parts: Sequence[Part]) -> tuple[dict[str, float], dict[str, str]]:
    """The number and the text of every box that has them, a closed part's from inside."""
    numbers = _finite({key: number for key, (number, _) in known.items()})
    values: dict[str, float] = {}
    texts: dict[str, str] = {}
    for box in (box for part in parts for box in part.boxes):
        if not box.inside and box.about in known:
            values[box.key], texts[box.key] = numbers[box.about], known[box.about][1]
        elif largest := _largest(box, values):
            values[box.key], texts[box.key] = values[largest], texts[largest]
    return values, texts


def _blamed(name: str, boxes: Sequence[Box], values: dict[str, float]) -> Sequence[Box]:
    """Where the worst is looked for: a weight takes over the errors of operations, so where one of these is wrong, only there."""
    wrong = [box for box in boxes if name == ERROR and box.kind is Kind.OPERATION and values[box.key] > 1]
    return wrong or boxes


def _finite(numbers: dict[str, float]) -> dict[str, float]:
    """The numbers, in place of infinite ones one that is larger than all others: a page's data has finite numbers only."""
    largest = max((each for each in numbers.values() if each < math.inf), default=0.0)
    beyond = min(BEYOND * (largest or 1.0), sys.float_info.max)
    return {key: min(each, beyond) for key, each in numbers.items()}


def _hottest(boxes: Sequence[Box], drawn: dict[str, float]) -> str:
    """The box with the largest number; of several an operation, the one that backward reaches first."""
    worst = max(boxes, key=lambda box: (drawn[box.key], box.kind is Kind.OPERATION, -box.backward), default=None)
    return worst.key if worst else ""


def _first_cause(result: Pass, boxes: Sequence[Box]) -> str:
    """The first box whose value is not finite; where all values are, the first on the way back whose gradient is not."""
    held = _held(result)
    values = [box for box in boxes if any(nonfinite_of(each.value) for each in held[box.about])]
    if values:
        return min(values, key=lambda box: box.forward).key
    gradients = [box for box in boxes if any(nonfinite_of(each.by_torch) for each in held[box.about])]
    first = min(gradients, key=lambda box: (box.backward, box.kind is not Kind.OPERATION), default=None)
    return first.key if first else ""


def _largest(box: Box, drawn: dict[str, float]) -> str:
    """The key of the box inside with the largest number."""
    inside = box.inside.boxes if box.inside else ()
    return max((each.key for each in inside if each.key in drawn), key=lambda key: drawn[key], default="")


def _from_below(root: Part) -> Sequence[Part]:
    """Every part, inner ones before those that hold them."""
    found, waiting = [], [root]
    while waiting:
        part = waiting.pop()
        found.append(part)
        waiting += [box.inside for box in part.boxes if box.inside is not None]
    return found[::-1]


def _held(result: Pass) -> dict[str, Held]:
    """What has values and gradients, by the key of its details."""
    return {f"s{step.index}": step.outputs for step in result.steps} | {f"w{leaf.index}": (leaf,) for leaf in result.leaves}


def _norms(result: Pass) -> Known:
    """The norm of the gradient that arrived, by hand where that is known; infinite where an element is not finite."""
    found = {key: _norm([_arrived(each) for each in held]) for key, held in _held(result).items()}
    return {key: norm for key, norm in found.items() if norm is not None}


def _arrived(each: Output | Leaf) -> Shown:
    """The gradient by hand, PyTorch's where there is none, and the one that is not finite where only one is."""
    by_hand = isinstance(each.by_hand, Value) and (nonfinite_of(each.by_hand) or not nonfinite_of(each.by_torch))
    return each.by_hand if by_hand else each.by_torch


def _norm(gradients: Sequence[Shown]) -> tuple[float, str] | None:
    spoilt = sum(map(nonfinite_of, gradients))
    if spoilt:
        total = sum(math.prod(each.shape) for each in gradients if isinstance(each, Value))
        return math.inf, f"{spoilt:,} of {total:,} NOT FINITE"
    known = [norm for each in gradients if (norm := size_of(each)) is not None]
    together = math.hypot(*known)
    return (together, rounded(together)) if known else None


def _errors(result: Pass) -> Known:
    """How far off PyTorch is at the worst of what an operation sends, in units of what rounding explains."""
    found = {f"s{step.index}": _worst(each.comparison for each in step.contributions if asked(each)) for step in result.steps}
    found |= {f"w{leaf.index}": _worst([leaf.comparison]) for leaf in result.leaves}
    return {key: (error, size(error)) for key, error in found.items() if error is not None}


def _worst(comparisons: Iterable[Comparison]) -> float | None:
    return max((in_floors(each) if each.error else 0.0 for each in comparisons if is_judged(each)), default=None)


def _nonfinite(result: Pass) -> Known:
    """How many elements of its values and gradients are NaN or infinite."""
    found = {key: sum(nonfinite_of(shown) for each in held for shown in (each.value, each.by_torch)) for key, held in _held(result).items()}
    return {key: (float(count), counted(count, "element")) for key, count in found.items()}

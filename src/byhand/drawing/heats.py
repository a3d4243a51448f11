"""Numbers by which a picture can be coloured: how large gradients are, how far off, where they are not finite."""

import math
from collections.abc import Callable, Iterable

from byhand.drawing.rows import nonfinite_of
from byhand.explanation.labels import asked
from byhand.explanation.modules import in_floors, is_judged
from byhand.picture import Box, Heat, Part
from byhand.results import Comparison, Leaf, Pass, Step
from byhand.value import Shown, Value
from byhand.words import counted, rounded, size, size_of

Values = dict[str, float]
"""A number for each operation and each weight, by the key of its details."""

BEYOND = 10.0  # times the largest number: where what has no number is drawn


def heats(result: Pass, root: Part) -> tuple[Heat, ...]:
    """The colourings that have something to show, each with a number for every box; the number of a closed part is the largest inside."""
    kinds = (
        ("norm of the gradient", _norms(result), rounded),
        ("error in units of the rounding floor", _errors(result), size),
        ("not finite", _nonfinite(result), lambda count: counted(int(count), "element")),
    )
    return tuple(_heat(name, values, said, root) for name, values, said in kinds if any(values.values()))


def _heat(name: str, values: Values, said: Callable[[float], str], root: Part) -> Heat:
    finite = [each for each in values.values() if each < math.inf]
    texts = {key: said(each) for key, each in values.items()}
    beyond = BEYOND * (max(finite, default=0.0) or 1.0)
    known = {key: min(each, beyond) for key, each in values.items()}
    drawn: Values = {}
    shown: dict[str, str] = {}
    for part in _from_below(root):
        for box in part.boxes:
            key = _largest(box, drawn) if box.inside else box.about
            number, text = (drawn.get(key), shown.get(key)) if box.inside else (known.get(key), texts.get(key))
            if number is not None and text is not None:
                drawn[box.key], shown[box.key] = number, text
    worst = max((key for key in drawn if key.startswith("s")), key=lambda key: drawn[key], default="")
    return Heat(name, drawn, shown, worst)


def _largest(box: Box, drawn: Values) -> str:
    """The key of the box inside with the largest number."""
    inside = box.inside.boxes if box.inside else ()
    return max((each.key for each in inside if each.key in drawn), key=lambda key: drawn[key], default="")


def _from_below(root: Part) -> Iterable[Part]:
    """Every part, inner ones before those that hold them."""
    found, waiting = [], [root]
    while waiting:
        part = waiting.pop()
        found.append(part)
        waiting += [box.inside for box in part.boxes if box.inside is not None]
    return reversed(found)


def _each(result: Pass, of_step: Callable[[Step], float | None], of_leaf: Callable[[Leaf], float | None]) -> Values:
    found = {f"s{step.index}": of_step(step) for step in result.steps} | {f"w{leaf.index}": of_leaf(leaf) for leaf in result.leaves}
    return {key: number for key, number in found.items() if number is not None}


def _norms(result: Pass) -> Values:
    """The norm of the gradient that arrived, of its finite elements; by hand where that is known."""
    return _each(
        result,
        lambda step: _together([_norm(each.by_hand, each.by_torch) for each in step.outputs]),
        lambda leaf: _norm(leaf.by_hand, leaf.by_torch),
    )


def _norm(by_hand: Shown, by_torch: Shown) -> float | None:
    return size_of(by_hand if isinstance(by_hand, Value) else by_torch)


def _together(norms: Iterable[float | None]) -> float | None:
    known = [each for each in norms if each is not None]
    return math.hypot(*known) if known else None


def _errors(result: Pass) -> Values:
    """How far off PyTorch is at the worst of what an operation sends, in units of what rounding explains."""
    return _each(
        result, lambda step: _worst(each.comparison for each in step.contributions if asked(each)), lambda leaf: _worst([leaf.comparison])
    )


def _worst(comparisons: Iterable[Comparison]) -> float | None:
    return max((in_floors(each) if each.error else 0.0 for each in comparisons if is_judged(each)), default=None)


def _nonfinite(result: Pass) -> Values:
    """How many elements of its values and gradients are NaN or infinite."""
    return _each(
        result,
        lambda step: float(sum(nonfinite_of(each) for output in step.outputs for each in (output.value, output.by_torch))),
        lambda leaf: float(sum(map(nonfinite_of, (leaf.value, leaf.by_torch)))),
    )

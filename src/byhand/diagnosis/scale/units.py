"""What is said of dead units and of saturated functions."""

import math
from dataclasses import dataclass

from byhand.diagnosis.kinds.scale import DeadUnit, Saturated
from byhand.diagnosis.passing import Passing
from byhand.findings import Finding, Severity
from byhand.words import counted, plain, rounded

_MOST = 0.75
_SPOKEN = {
    "ReluBackward0": "relu",
    "GeluBackward0": "gelu",
    "SiluBackward0": "silu",
    "EluBackward0": "elu",
    "SoftplusBackward0": "softplus",
    "ThresholdBackward0": "threshold",
    "HardtanhBackward0": "hardtanh",
    "HardswishBackward0": "hardswish",
    "MishBackward0": "mish",
    "WhereBackward0": "where",
    "MulBackward0": "its mask",
    "SigmoidBackward0": "sigmoid",
    "TanhBackward0": "tanh",
    "SoftmaxBackward0": "softmax",
    "HardsigmoidBackward0": "hardsigmoid",
    "ErfBackward0": "erf",
}
_ENDS = {
    "SigmoidBackward0": "beyond ±6 the slope of sigmoid is below 1 % of its largest",
    "TanhBackward0": "beyond ±3 the slope of tanh is below 1 %",
    "SoftmaxBackward0": "where softmax gives everything to one place, no score changes anything",
}


@dataclass(frozen=True, slots=True)
class Dead:
    """How many units of how many were silent, for how many samples."""

    count: int
    total: int
    samples: int


def dead(passing: Passing, index: int, leaf: int, seen: Dead, *, nothing: bool) -> Finding:
    """Units that are silent for all samples."""
    said, subject = passing.describe(index), _name(passing, leaf)
    whole = seen.count == seen.total
    function = spoken(passing.graph.nodes[index].name)
    share = seen.count / seen.total
    severity = Severity.ERROR if whole and nothing else Severity.WARNING if share >= _MOST else Severity.NOTE
    units = f"All {counted(seen.total, 'unit')} are" if whole else f"{seen.count:,} of {counted(seen.total, 'unit')} are"
    gets = f"{subject} gets exactly zero" if nothing else f"their part of {subject} gets exactly zero"
    return DeadUnit.found(
        subject,
        said.origin or passing.origin,
        what=f"{units} dead: {function} is at its flat end for each of {counted(seen.samples, 'sample')}, pass after pass; {gets}.",
        why=f"loss → {function} {_at(said)}✂ {subject}: the slope there is 0, so 0 · gradient = 0, and what gets no gradient "
        f"does not come back.{_bias(passing, leaf)}",
        fix=f"Start the layer of {subject} with a smaller or zero bias and a smaller scale, lower the learning rate, or write "
        f"`torch.nn.functional.leaky_relu` (or gelu) in place of {function}"
        + ("." if severity is not Severity.NOTE else "; it is an error when no unit of the layer is left."),
        severity=severity,
        passes=(passing.number,),
    )


def saturated(passing: Passing, index: int, leaf: int, flat: tuple[float, float], *, nothing: bool) -> Finding:
    """A function at its flat ends."""
    said, subject = passing.describe(index), _name(passing, leaf)
    name = passing.graph.nodes[index].name
    function, single = spoken(name), name == "SoftmaxBackward0" and _single(passing, index)
    elements = counted(math.prod(passing.graph.nodes[index].outputs[0].shape), "element")
    because = "softmax over a dimension of size 1 is always 1" if single else _ENDS.get(name, f"outside its bounds {function} is constant")
    gets = f"{subject} gets exactly zero" if nothing else "almost nothing passes"
    return Saturated.found(
        subject,
        said.origin or passing.origin,
        what=f"{function} is flat for {rounded(100 * flat[0], 3)} % of its {elements}, where {rounded(100 * flat[1], 3)} % of the gradient "
        f"arrives: {gets}.",
        why=f"loss → {function} {_at(said)}✂ {subject}: {because}, and what lies before it hardly learns.",
        fix=_cure(name, subject, single=single),
        severity=Severity.ERROR if nothing else Severity.WARNING,
        passes=(passing.number,),
    )


def spoken(name: str) -> str:
    """A node's function as the user calls it."""
    return _SPOKEN.get(name) or name.partition("Backward")[0].replace("Min", "").replace("Max", "").lower()


def _name(passing: Passing, leaf: int) -> str:
    return passing.describe(leaf).names[0] or "the weight before"


def _at(said: object) -> str:
    origin = getattr(said, "origin", None)
    return f"(line {origin.line}) " if origin else ""


def _bias(passing: Passing, leaf: int) -> str:
    """What is odd about the bias beside the weight, if something is."""
    for node in passing.graph.nodes:
        if any(edge is not None and edge.node == leaf for edge in node.edges):
            beside = [passing.live[edge.node].variable for edge in node.edges if edge is not None and passing.graph.nodes[edge.node].leaf]
            for tensor in beside:
                if tensor.dim() == 1 and not tensor.is_complex() and bool((tensor < -1).all()):
                    return f" The bias is {rounded(float(tensor.detach().double().mean()), 3)} on average."
    return ""


def _single(passing: Passing, index: int) -> bool:
    shape, live = passing.graph.nodes[index].outputs[0].shape, passing.live[index]
    dim = getattr(live, "_saved_dim", -1)
    return bool(shape) and shape[(dim if dim < len(shape) else dim - (1 << 64)) % len(shape)] == 1


def _cure(name: str, subject: str, *, single: bool) -> str:
    if single:
        return "Take softmax over the dimension of the classes, or sigmoid where there is only one score."
    if name == "SoftmaxBackward0":
        return f"Make the scores smaller: divide by √d, normalize before, or start {plain(subject)} with a smaller scale."
    if name in _ENDS:
        return f"Start {plain(subject)} smaller, normalize what goes into it, or scale what goes into {spoken(name)} down."
    return (
        f"Start {plain(subject)} within the bounds, widen them, or use a bound with a slope (tanh, sigmoid); if it is to be projected, "
        f"write `with torch.no_grad(): {plain(subject)}.clamp_(...)` after the step."
    )

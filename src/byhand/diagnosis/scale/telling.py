"""What is said of gradients that vanish or explode."""

import math
import re
from collections import Counter
from itertools import pairwise

import torch

from byhand.diagnosis.kinds.scale import ExplodingGradient, VanishingGradient
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.scale.chain import Chain
from byhand.findings import Finding, Severity
from byhand.graph import Node, Origin
from byhand.words import counted, located, rounded

_SLOPES = {"SigmoidBackward0": "the slope of a sigmoid is at most 1/4", "TanhBackward0": "the slope of tanh is below 1 away from 0"}
_HALF = 0.5


def vanishing(passing: Passing, chain: Chain, leaves: dict[int, float]) -> Finding:
    """The fall along the chain."""
    leaf = _deepest(passing, chain)
    subject, head = _name(passing, leaf), _place(passing, chain, chain.nodes[0])
    by = math.exp(sum(math.log(before / after) for before, after in pairwise(chain.norms)) / (len(chain.norms) - 1))
    weight = passing.live[leaf.index].variable
    stands, sentence = _step(passing, weight, leaves.get(leaf.index, math.nan))
    zeros = f" and then underflows to exactly 0 in {counted(chain.underflowed, 'layer')}" if chain.underflowed else ""
    return VanishingGradient.found(
        subject,
        _origin(passing, chain),
        what=f"From {head} back to {subject} the gradient falls from {rounded(chain.norms[0], 2)} to {rounded(chain.norms[-1], 2)}: by "
        f"{rounded(by, 2)} at each of {counted(len(chain.norms) - 1, 'layer')}{zeros}. ‖{subject}.grad‖ = "
        f"{rounded(leaves.get(leaf.index, math.nan), 2)} beside ‖{subject}‖ = {rounded(_size(weight), 2)}.",
        why=f"Each layer multiplies the gradient by its weights and the slope of its activation{_slopes(passing)}. "
        f"The fall is spread over the layers: none of them makes more than half of it.{sentence}",
        fix=_cure(passing),
        severity=Severity.ERROR if stands else Severity.WARNING,
        passes=(passing.number,),
    )


def exploding(passing: Passing, chain: Chain, leaves: dict[int, float]) -> Finding:
    """The growth along the chain."""
    leaf = _deepest(passing, chain)
    subject, head = _name(passing, leaf), _place(passing, chain, chain.nodes[0])
    by = (chain.norms[-1] / chain.norms[0]) ** (1 / (len(chain.norms) - 1))
    weight = passing.live[leaf.index].variable
    again = Counter(chain.ends.get(index, -1) for index in chain.nodes)
    recurrent = max((count for end, count in again.items() if end >= 0), default=0) > len(chain.nodes) // 2
    steps = "step of the recurrence" if recurrent else "layer"
    steps_many = "steps of the recurrence" if recurrent else "layers"
    often = _most_used(passing, chain)
    return ExplodingGradient.found(
        subject,
        _origin(passing, chain),
        what=f"From {head} back to {subject} the gradient grows from {rounded(chain.norms[0], 2)} to {rounded(chain.norms[-1], 2)}: by "
        f"{rounded(by, 2)} at each of {counted(len(chain.norms) - 1, steps, steps_many)}. ‖{subject}.grad‖ = "
        f"{rounded(leaves.get(leaf.index, math.nan), 2)} beside ‖{subject}‖ = {rounded(_size(weight), 2)}.",
        why=f"Each {steps} multiplies the gradient by its weights and the slope of its activation, and here the product is well above 1.",
        fix=f"Start {_name(passing, often)} with a smaller scale ({_start(passing, often)}), or normalize in between; "
        "`torch.nn.utils.clip_grad_norm_` before the step bounds what is left.",
        passes=(passing.number,),
    )


def growing(passing: Passing, norms: list[float], leaves: dict[int, float], weights: float, *, certain: bool) -> Finding:
    """The growth from pass to pass."""
    largest = max(leaves, key=lambda index: leaves[index] if not math.isnan(leaves[index]) else -1.0)
    subject = _name(passing, passing.graph.nodes[largest])
    rate = _rate(passing, passing.live[largest].variable)
    told = " → ".join(rounded(norm, 2) for norm in ([norms[0], *norms[-4:]] if len(norms) > 4 else norms))
    return ExplodingGradient.found(
        subject,
        passing.origin,
        what=f"The gradient grows from pass to pass: its norm was {told} in the passes looked at, {rounded(norms[-1] / norms[0], 2)} times "
        f"the first, and is now {rounded(norms[-1] / weights, 2) if weights else '∞'} times that of the weights. "
        f"Most of it belongs to {subject}.",
        why="Each step overshoots: it goes so far beyond the minimum that the next gradient is larger, so training runs away.",
        fix=f"Use a smaller learning rate{f' than lr={rate[1]:g}' if rate else ''}, bring the inputs to a scale around 1, "
        "and bound the step: `torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)` before `optimizer.step()`.",
        severity=Severity.ERROR if certain else Severity.WARNING,
        passes=(passing.number,),
    )


def _deepest(passing: Passing, chain: Chain) -> Node:
    leaf = chain.deepest_leaf(passing.graph)
    if leaf is None:
        raise ValueError("a chain without a weight")
    return leaf


def _name(passing: Passing, leaf: Node) -> str:
    return passing.describe(leaf.index).names[0] or "a weight without a name"


def _place(passing: Passing, chain: Chain, index: int) -> str:
    """A place on the chain by its weight, else by its line."""
    if index in chain.ends:
        return _name(passing, passing.graph.nodes[chain.ends[index]])
    return located(passing.describe(index).origin) or "the loss"


def _origin(passing: Passing, chain: Chain) -> Origin | None:
    """The line of the layer at the far end, else of backward."""
    return passing.describe(chain.nodes[-1]).origin or passing.origin


def _slopes(passing: Passing) -> str:
    names = Counter(node.name for node in passing.graph.nodes)
    return next((f"; {text}" for name, text in _SLOPES.items() if names[name] >= 4), "")


def _cure(passing: Passing) -> str:
    names = Counter(node.name for node in passing.graph.nodes)
    instead = "`nn.ReLU`, `nn.GELU` or `nn.SiLU` in place of the sigmoid, " if names["SigmoidBackward0"] >= 4 else ""
    return (
        f"Give the gradient a shorter way: {instead}residual connections (`x = x + block(x)`), a normalization in each block, "
        "and weights that keep the scale (`nn.init.kaiming_normal_` or `xavier_normal_`)."
    )


def _step(passing: Passing, weight: torch.Tensor, size: float) -> tuple[bool, str]:
    """Whether the step of plain SGD is lost in the weight's rounding, and what that is in numbers."""
    rate = _rate(passing, weight)
    if rate is None or not isinstance(rate[0], torch.optim.SGD) or not (whole := _size(weight)):
        return False, ""
    relative, floor = rate[1] * size / whole, _HALF * torch.finfo(weight.dtype).eps
    if not relative < floor:
        return False, ""
    lost = f"changes the weight by {rounded(relative, 2)} of itself, less than its rounding ({rounded(floor, 2)})"
    return True, f" A step of lr={rate[1]:g} {lost}: it stays as it is."


def _rate(passing: Passing, weight: torch.Tensor) -> tuple[torch.optim.Optimizer, float] | None:
    """The optimizer that has a weight, and its learning rate."""
    for optimizer in passing.world.living_optimizers():
        for group in optimizer.param_groups:
            if any(each is weight for each in group["params"]):
                return optimizer, float(group.get("lr", math.nan))
    return None


def _size(weight: torch.Tensor) -> float:
    return float(torch.linalg.vector_norm(weight.detach(), dtype=torch.complex128 if weight.is_complex() else torch.float64))


def _most_used(passing: Passing, chain: Chain) -> Node:
    """The weight that the chain goes through most often: of a recurrence its matrix, else the one at the far end."""
    uses = Counter(chain.ends[index] for index in chain.nodes if index in chain.ends)
    index, count = max(uses.items(), key=lambda each: each[1], default=(-1, 0))
    return passing.graph.nodes[index] if count > 1 else _deepest(passing, chain)


def _start(passing: Passing, leaf: Node) -> str:
    """A start that keeps the scale of what goes through a weight."""
    weight, subject = passing.live[leaf.index].variable, _name(passing, leaf)
    owners = [variable for variable, model in passing.world.models if variable and any(each is weight for _, each in model.tensors())]
    if len(owners) == 1 and not subject.startswith(f"{owners[0]}."):
        subject = f"{owners[0]}.{subject}"
    if weight.dim() < 2:
        return "below 1 in size"
    inputs = max(weight[0].numel(), 1)
    written = re.sub(r"\.(\d+)", r"[\1]", subject)
    return f"`nn.init.orthogonal_({written})`, or std = 1/√{inputs:,} ≈ {rounded(inputs**-0.5, 2)}"

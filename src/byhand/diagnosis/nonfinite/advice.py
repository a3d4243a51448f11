"""What to type against each kind of operation that has infinities."""

import math

from byhand.diagnosis.nonfinite.branch import Branch
from byhand.diagnosis.nonfinite.scene import Scene
from byhand.rules.table import rules_of
from byhand.words import located


def advice(scene: Scene, index: int, expression: str, operand: str, branch: Branch | None, *, half: bool) -> str:
    """What to type in place of an expression that made NaN or infinity."""
    node = scene.graph.nodes[index]
    if half:
        return (
            f"Work `{expression}` in float32: `{operand or 'x'}.float()` going in, or leave it out of the float16 region by "
            "`with torch.autocast(device.type, enabled=False):`."
        )
    if branch is not None:
        return (
            f"Throw the element away before {located(scene.passing.describe(index).origin)}, not after: `safe = torch.where(mask, "
            f"{operand or 'x'}, 1)`, and work `{expression}` with `safe`."
        )
    grown = [scene.value((edge.node, edge.output_nr)) for edge in node.edges if edge is not None]
    if any(each is not None and each.is_floating_point() and each.numel() and bool(each.abs().max() > GROWN) for each in grown):
        return (
            f"What goes into `{expression}` was already huge: the training runs away. Take a smaller learning rate, or clip the gradients."
        )
    value = next((scene.value((edge.node, edge.output_nr)) for edge in node.edges if edge is not None), None)
    if node.name.startswith(("Sqrt", "Rsqrt")) and value is not None and bool((value < 0).any()):
        return f"Keep what is under the root from falling below 0: `{operand or 'x'}` `.clamp_min(1e-12)` before `{expression}`."
    if node.name.startswith(("Std", "Var")) and value is not None and value.numel() <= math.prod(node.outputs[0].shape):
        return (
            f"`{expression}` is taken of single numbers, which have no spread: leave out a last batch of one row "
            "(`drop_last=True` of DataLoader), or give it `correction=0`, whose spread is then 0."
        )
    for prefixes, words in ADVICE:
        if node.name.startswith(prefixes):
            return words.format(x=operand or "x", whole=expression, more=better(scene, index))
    if not rules_of(node.name, 0):
        return f"Look into the backward of `{expression}`: it divides finite numbers by 0, or makes them too large."
    return f"Keep what goes into `{expression}` away from the numbers where it or its derivative is infinite."


def better(scene: Scene, index: int) -> str:
    """The function of PyTorch's that does a logarithm and the step before it at once, without infinities; "" if there is none."""
    node = scene.graph.nodes[index]
    below = _below(scene, index)
    if not node.name.startswith("Log") or node.name.startswith("LogS"):
        return ""
    if below.startswith("Softmax"):
        return " Better: F.log_softmax, which does both at once."
    if below.startswith("Sigmoid"):
        return " Better: F.logsigmoid, or F.binary_cross_entropy_with_logits for the whole loss."
    return ""


def _below(scene: Scene, index: int) -> str:
    """The operation whose result a node took, past sums and differences with a constant: 1 - p."""
    node = scene.graph.nodes[index]
    for _ in range(PAST):
        edge = next((edge for edge in node.edges if edge is not None), None)
        if edge is None:
            return ""
        node = scene.graph.nodes[edge.node]
        if not node.name.startswith(("Add", "Sub", "Rsub", "Clamp", "Squeeze", "View", "Select", "Index", "Gather")):
            break
    return node.name


GROWN = 1e12  # no well-scaled network has numbers of this size; its square is still far from the end of float32

PAST = 4  # operations between a logarithm and the probability it is taken of


ADVICE = (
    (("Sqrt", "Rsqrt"), "Add a little inside the root: `torch.sqrt({x} + 1e-12)`; the slope of a root at 0 is infinite."),
    (("Pow",), "Keep the base away from 0: `({x} + 1e-12)` in `{whole}`; below exponent 1 the slope at 0 is infinite."),
    (
        ("LogSoftmax", "Softmax", "SafeSoftmax"),
        "Leave out rows in which everything is masked, or mask with a finite number: `torch.finfo({x}.dtype).min` for `-inf`.",
    ),
    (("Log1P", "Log"), "Keep the logarithm away from 0: `torch.log({x}.clamp_min(1e-12))`.{more}"),
    (("Div", "Reciprocal"), "Keep the denominator away from 0: `{x} + 1e-8`, or `{x}.clamp_min(1e-8)` if it is never negative."),
    (("Acos", "Asin", "Atanh"), "Stay inside the domain: `{x}.clamp(-1 + 1e-6, 1 - 1e-6)`; the slope at ±1 is infinite."),
    (("Exp", "Sinh", "Cosh", "Expm1"), "Keep the exponent below 88 (float32): subtract the largest one first, or `{x}.clamp(max=80)`."),
    (("Std", "Var"), "A constant column has no slope: take `torch.sqrt({x}.var() + 1e-8)`, with your dim in var."),
    (
        ("LinalgVectorNorm", "Norm", "Cdist"),
        "Keep the vector away from 0: `torch.sqrt(({x} ** 2).sum() + 1e-12)`, with your dim in sum, in place of `{whole}`.",
    ),
)
"""By the beginning of a node's name; the first that fits counts."""

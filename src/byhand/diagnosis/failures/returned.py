"""What a custom backward gave back that PyTorch does not take, and what was asked for that is not in the graph."""

import linecache
import re
import traceback
from typing import Any

import torch

from byhand.diagnosis.failures.custom import Custom
from byhand.diagnosis.failures.stuck import called, ready
from byhand.diagnosis.failures.words import quoted
from byhand.diagnosis.kinds.parameters import UnusedParameter
from byhand.diagnosis.kinds.rules import WrongGradient, WrongGradientShape
from byhand.diagnosis.passing import Passing
from byhand.findings import Finding, Severity
from byhand.graph import Node, Origin
from byhand.recording.walk import gradient_node
from byhand.words import shape

_SHAPES = re.compile(
    r"function (\w+) returned an invalid gradient at index (\d+) - got (\[.*?\]) but expected shape compatible with (\[.*?\])",
    re.IGNORECASE,
)
_KIND = re.compile(r"function (\w+) returned an invalid gradient at index (\d+) - expected (.+)", re.IGNORECASE)
_COUNT = re.compile(r"function (\w+) returned an incorrect number of gradients \(expected (\d+), got (\d+)\)", re.IGNORECASE)
_TYPE = re.compile(r"expected Variable or None \(got (\w+)\)")
_UNUSED = re.compile(r"differentiated Tensors? .*appears? to not have been used in the graph")
_MISFIT = re.compile(
    r"shapes cannot be multiplied|must match the size|size mismatch|is invalid for input of size|not broadcastable|"
    r"doesn't match the broadcast|incorrect batch|inconsistent tensor size",
    re.IGNORECASE,
)


def returned(passing: Passing, problem: BaseException) -> Finding | None:
    """The story of a pass that a custom backward ended, or one that was asked for the gradient of what is not in its graph."""
    message = str(problem)
    if found := _SHAPES.search(message):
        return _wrong_shape(passing, found.group(1), int(found.group(2)), found.group(3), found.group(4))
    if found := _COUNT.search(message):
        return _wrong_count(passing, found.group(1), int(found.group(2)), int(found.group(3)))
    if found := _KIND.search(message):
        return _wrong_kind(passing, found.group(1), int(found.group(2)), found.group(3))
    if found := _TYPE.search(message):
        return _wrong_type(passing, found.group(1))
    if _UNUSED.search(message):
        return _unused(passing)
    if _MISFIT.search(message) and isinstance(problem, RuntimeError):
        return _misfit(passing, problem, message)
    return None


def _wrong_shape(passing: Passing, name: str, edge: int, got: str, expected: str) -> Finding:
    custom = Custom(passing, name, edge)
    target = custom.parameter or custom.input or "the input"
    fix = _reshaped(got, expected, target, edge)
    return WrongGradientShape.found(
        custom.weight,
        custom.where,
        what=f"{custom.backward} returned a gradient of shape {got} for {custom.target}, whose shape is {expected}.",
        why=f"A gradient has the shape of what it belongs to. {_how(got, expected)}",
        fix=fix if custom.function else f"Leave the shape of {quoted(target)} as it was in the forward, until backward has run.",
        passes=(passing.number,),
    )


def _reshaped(got: str, expected: str, target: str, edge: int) -> str:
    """What to return, for the way in which the two shapes differ."""
    left, right = _sizes(got, expected)
    if left != right and sorted(left) == sorted(right):
        return (
            f"Return it transposed, `.T` for a matrix; or look at the order: the value at place {edge + 1} of the return belongs to "
            f"{quoted(target)}."
        )
    if len(left) == len(right) and all(one in ("1", two) for one, two in zip(left, right, strict=True)):
        return f"Leave out the sum that made a size 1: {quoted(target)} was not broadcast in forward, so each of its numbers has its own."
    return (
        f"Return `grad.sum_to_size({target}.shape)` if {quoted(target)} was broadcast in forward. Otherwise look at the order: the value "
        f"at place {edge + 1} of the return belongs to {quoted(target)}; and a matrix may lack its `.T`."
    )


def _sizes(got: str, expected: str) -> tuple[list[str], list[str]]:
    return re.findall(r"\d+", got), re.findall(r"\d+", expected)


def _how(got: str, expected: str) -> str:
    """What the two shapes have to do with each other."""
    left, right = _sizes(got, expected)
    if left != right and sorted(left) == sorted(right):
        return "The sizes are the same in another order: it is transposed, or belongs to another input."
    if len(left) > len(right) or any(one == "1" for one in right):
        return "The input was broadcast in forward, and the sum over the axes that broadcasting added is missing."
    return "These two do not go together even after broadcasting."


def _wrong_count(passing: Passing, name: str, expected: int, got: int) -> Finding:
    custom = Custom(passing, name)
    form = f": `return grad{', None' * (expected - 1)}`" if got == 1 else ""
    return WrongGradient.found(
        custom.weight,
        custom.where,
        what=f"{custom.backward} returned {got:,} gradient{'s' * (got != 1)}; its forward takes {expected:,} arguments after ctx.",
        why="A backward returns one value for each argument of forward, in the same order, also for those that are no tensors.",
        fix=f"Return {expected:,} values in the order of forward's arguments, with None for what needs no gradient{form}.",
        cause="count",
        passes=(passing.number,),
    )


def _wrong_kind(passing: Passing, name: str, edge: int, expected: str) -> Finding:
    custom = Custom(passing, name, edge)
    return WrongGradient.found(
        custom.weight,
        custom.where,
        what=f"{custom.backward} returned a gradient for {custom.target} that PyTorch refuses: expected {expected}.",
        why="A gradient has the dtype, the layout and the device of what it belongs to.",
        fix=f"Return it as `grad.to({(custom.parameter or 'input')})`, which takes over dtype and device.",
        cause="dtype",
        passes=(passing.number,),
    )


def _wrong_type(passing: Passing, got: str) -> Finding | None:
    nodes = [node for node in ready(passing) if isinstance(passing.live[node.index], torch.autograd.function.BackwardCFunction)]
    node = max(nodes, key=lambda node: node.sequence, default=None)
    if node is None:
        return None
    custom = Custom(passing, node.name)
    return WrongGradient.found(
        custom.weight,
        custom.where,
        what=f"{custom.backward} returned a Python {got} in the place of a gradient.",
        why="A gradient is a tensor with the shape of its input, or None where there is none.",
        fix="Return a tensor: `torch.full_like(input, value)` or `grad * value`; None for arguments that need no gradient.",
        cause="type",
        passes=(passing.number,),
    )


def _misfit(passing: Passing, problem: BaseException, message: str) -> Finding | None:
    """An operation inside a custom backward whose shapes do not fit."""
    for frame, line in reversed(list(traceback.walk_tb(problem.__traceback__))):
        node = _running(passing, frame)
        if node is not None:
            custom = Custom(passing, node.name)
            shapes = ", ".join(
                f"{name} {shape(tuple(each.shape))}"
                for name, each in frame.f_locals.items()
                if isinstance(each, torch.Tensor) and not name.startswith("_")
            )
            file = frame.f_code.co_filename
            return WrongGradientShape.found(
                custom.weight,
                Origin(file, line, linecache.getline(file, line).strip()),
                what=f"{custom.backward} stopped: {message.splitlines()[0]}.",
                why=f"Its tensors there are: {shapes}." if shapes else "The shapes of its tensors do not go together.",
                fix="For `out = left @ right`, the gradients are `grad @ right.T` and `left.T @ grad`; each has the shape of its input.",
                cause="inside",
                passes=(passing.number,),
            )
    return None


def _running(passing: Passing, frame: Any) -> Node | None:
    """The custom node whose backward a frame runs."""
    for node in ready(passing):
        cls = getattr(passing.live[node.index], "_forward_cls", None)
        if cls is not None and getattr(getattr(cls, "backward", None), "__code__", None) is frame.f_code:
            return node
    return None


def _unused(passing: Passing) -> Finding | None:
    """What `torch.autograd.grad` was asked for that the loss does not depend on."""
    known = set(passing.live)
    unused = [each for each in passing.started.asked if isinstance(each, torch.Tensor) and gradient_node(each)[0] not in known]
    if not unused:
        return None
    names = [passing.describer.name_of(each) or "a tensor" for each in unused]
    root = passing.graph.roots[0]
    loss = called(passing.describe(root.node), root.output_nr) or "the loss"
    return UnusedParameter.found(
        names[0],
        passing.origin,
        what=f"{', '.join(quoted(name) for name in names)} {'is' if len(names) == 1 else 'are'} not in the graph of {quoted(loss)}, and "
        "torch.autograd.grad was asked for the gradient.",
        why=f"No recorded operation leads from {quoted(loss)} back to {'it' if len(names) == 1 else 'them'}: it was not used, or was used "
        "under another identity, like a copy, a detached tensor, or a view taken after the forward.",
        fix=f"Use {quoted(names[0])} itself in the forward; or ask with allow_unused=True, which gives None for it.",
        severity=Severity.ERROR,
        passes=(passing.number,),
    )

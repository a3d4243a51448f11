"""What a custom backward gave back that PyTorch does not take, and what was asked for that is not in the graph."""

import re
import traceback
from typing import Any

import torch

from byhand.diagnosis.failures.stuck import called, ready
from byhand.diagnosis.failures.words import at, quoted
from byhand.diagnosis.kinds.parameters import UnusedParameter
from byhand.diagnosis.kinds.rules import WrongGradient, WrongGradientShape
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.ways import behind
from byhand.findings import Finding, Severity
from byhand.graph import Node, Origin
from byhand.recording.declared import functions
from byhand.recording.walk import gradient_node
from byhand.words import shape

_SHAPES = re.compile(
    r"function (\w+) returned an invalid gradient at index (\d+) - got (\[.*?\]) but expected shape compatible with (\[.*?\])", re.I
)
_KIND = re.compile(r"function (\w+) returned an invalid gradient at index (\d+) - expected (.+)", re.I)
_COUNT = re.compile(r"function (\w+) returned an incorrect number of gradients \(expected (\d+), got (\d+)\)", re.I)
_TYPE = re.compile(r"expected Variable or None \(got (\w+)\)")
_UNUSED = re.compile(r"differentiated Tensors? .*appears? to not have been used in the graph")
_MISFIT = re.compile(
    r"shapes cannot be multiplied|must match the size|size mismatch|is invalid for input of size|not broadcastable|doesn't match the broadcast|incorrect batch|inconsistent tensor size",
    re.I,
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


class _Custom:
    """The node of the custom Function that stopped the pass, and the user's words for it."""

    def __init__(self, passing: Passing, name: str, edge: int) -> None:
        candidates = [node for node in ready(passing) if not name or passing.live[node.index].name() == name or node.name == name]
        self.node = max(candidates, key=lambda node: node.sequence, default=None)
        self.passing, self.edge = passing, edge
        self.said = passing.describe(self.node.index) if self.node is not None else None
        self.name = (name or (self.node.name if self.node else "")).removesuffix("Backward")
        self.backward: Origin | None = None
        self.parameter = ""
        if self.node is not None:
            known = functions(passing.graph, passing.live).get(self.node.index)
            self.backward = known.backward if known is not None else None
            self.parameter = known.inputs[edge] if known is not None and edge < len(known.inputs) else ""

    @property
    def where(self) -> Origin | None:
        """The line that applied it."""
        return self.said.origin if self.said is not None and self.said.origin else self.passing.origin

    @property
    def input(self) -> str:
        """What the user gave as this input: a leaf or a value by its name."""
        edge = self.node.edges[self.edge] if self.node is not None and self.edge < len(self.node.edges) else None
        return called(self.passing.describe(edge.node), edge.output_nr) if edge is not None else ""

    @property
    def weight(self) -> str:
        """The nearest leaf behind this input; else what the user gave."""
        edge = self.node.edges[self.edge] if self.node is not None and self.edge < len(self.node.edges) else None
        start = self.passing.graph.nodes[edge.node] if edge is not None else self.node
        leaves = (each for each in behind(self.passing.graph, start) if each.leaf) if start is not None else ()
        return next((name for each in leaves if (name := self.passing.describe(each.index).names[0])), "") or self.input or self.name

    @property
    def target(self) -> str:
        """The input in words."""
        named = f" (here {quoted(self.input)})" if self.input and self.input != self.parameter else ""
        return f"{quoted(self.parameter)}{named}" if self.parameter else f"input {self.edge}{named}"

    def line(self) -> str:
        """Where its backward is written."""
        return f"{quoted(f'{self.name}.backward')} ({at(self.backward, self.where)})" if self.backward else quoted(f"{self.name}.backward")


def _wrong_shape(passing: Passing, name: str, edge: int, got: str, expected: str) -> Finding:
    custom = _Custom(passing, name, edge)
    target = quoted(custom.parameter or custom.input or "input")
    return WrongGradientShape.found(
        custom.weight,
        custom.where,
        what=f"{custom.line()} returned a gradient of shape {got} for {custom.target}, whose shape is {expected}.",
        why=f"A gradient has the shape of what it belongs to. {_how(got, expected)}",
        fix=f"Return it as `grad.sum_to_size({target.strip('`')}.shape)` if {target} was broadcast in forward; otherwise look at the order of "
        f"the returned values: the one at place {edge + 1} belongs to {target}, and a matrix may lack its `.T`.",
        passes=(passing.number,),
    )


def _how(got: str, expected: str) -> str:
    """What the two shapes have to do with each other."""
    left, right = (re.findall(r"\d+", each) for each in (got, expected))
    if left != right and sorted(left) == sorted(right):
        return "The sizes are the same in another order: it is transposed, or belongs to another input."
    if len(left) > len(right) or any(one == "1" for one in right):
        return "The input was broadcast in forward, and the sum over the axes that broadcasting added is missing."
    return "These two do not go together even after broadcasting."


def _wrong_count(passing: Passing, name: str, expected: int, got: int) -> Finding:
    custom = _Custom(passing, name, 0)
    return WrongGradient.found(
        custom.weight,
        custom.where,
        what=f"{custom.line()} returned {got:,} gradient{'s' * (got != 1)}; its forward takes {expected:,} arguments after ctx.",
        why="A backward returns one value for each argument of forward, in the same order, also for those that are no tensors.",
        fix=f"Return {expected:,} values, with None for what needs no gradient: `return grad_input{', None' * (expected - 1)}`.",
        cause="count",
        passes=(passing.number,),
    )


def _wrong_kind(passing: Passing, name: str, edge: int, expected: str) -> Finding:
    custom = _Custom(passing, name, edge)
    return WrongGradient.found(
        custom.weight,
        custom.where,
        what=f"{custom.line()} returned a gradient for {custom.target} that PyTorch refuses: expected {expected}.",
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
    custom = _Custom(passing, node.name, 0)
    return WrongGradient.found(
        custom.weight,
        custom.where,
        what=f"{custom.line()} returned a Python {got} in the place of a gradient.",
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
            custom = _Custom(passing, node.name, 0)
            shapes = ", ".join(
                f"{name} {shape(tuple(each.shape))}"
                for name, each in frame.f_locals.items()
                if isinstance(each, torch.Tensor) and not name.startswith("_")
            )
            file = frame.f_code.co_filename
            return WrongGradientShape.found(
                custom.weight,
                Origin(file, line, custom.backward.text if custom.backward and custom.backward.line == line else ""),
                what=f"{custom.line()} stopped: {message.splitlines()[0]}.",
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

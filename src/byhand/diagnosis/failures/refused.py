"""What PyTorch refused before a backward pass could begin, read from the exception that ended the program."""

import re
from collections.abc import Callable
from typing import Any

import torch

from byhand.diagnosis.failures.words import holder, quoted
from byhand.diagnosis.kinds.failures import FreedGraph, InplaceModified, NotAScalar
from byhand.diagnosis.kinds.nonfinite import NonFiniteGradient
from byhand.diagnosis.kinds.rules import WrongGradientShape
from byhand.diagnosis.world import World
from byhand.findings import Finding
from byhand.recording.frames import outside
from byhand.recording.naming import Written, written
from byhand.recording.scope import Variables
from byhand.words import shape

_SIZE = r"torch\.Size\((\[.*?\])\)"
_GIVEN = re.compile(rf"Mismatch in shape: grad_output\[(\d+)\] has a shape of {_SIZE} and output\[\d+\] has a shape of {_SIZE}")
_NAN = re.compile(r"Function '(\w+)' returned nan values in its (\d+)th output")
_LOSS = re.compile(r"([\w.\[\]]+)\.backward\(")


class Moment:
    """The user's line that raised: how it was written, and the names of the tensors there."""

    def __init__(self, world: World, problem: BaseException) -> None:
        self.world = world
        places = [(each.tb_frame, each.tb_lasti) for each in _chain(problem)]
        users = [index for index, (frame, _) in enumerate(places) if outside(frame.f_code.co_filename)]
        self.frame: Any = places[users[-1]][0] if users else None
        instruction = places[users[-1]][1] if users else -1
        self.place = written(self.frame.f_code, instruction) if self.frame is not None else Written("", 0)
        self.tensors: dict[Any, str] = Variables(self.frame).tensors if self.frame is not None else {}

    @property
    def where(self) -> Any:
        """The line."""
        return self.place.origin if self.frame is not None else None

    def called(self, text: str) -> str:
        """The user's name of the tensor that a text of this line means: its path in a model, else the text."""
        tensor = self.tensor(text)
        return (self.world.name_of(tensor) if tensor is not None else "") or text

    def tensor(self, text: str) -> torch.Tensor | None:
        """The tensor that a variable of this line holds."""
        return next((each for each, name in self.tensors.items() if name == text), None)

    def target(self) -> str:
        """What an operation in place was to write into."""
        operand = self.place.receiver if self.place.receiver is not None and len(self.place.operands) < 2 else None
        first = operand or next(iter(self.place.operands), None)
        return holder(first.text) if first is not None else ""

    def loss(self) -> str:
        """What backward was called on."""
        if self.place.receiver is not None and self.place.receiver.text != "torch.autograd":
            return self.place.receiver.text
        found = _LOSS.search(self.place.text)
        return found.group(1) if found else next((each.text for each in self.place.operands), "loss")


def _chain(problem: BaseException) -> list[Any]:
    found, trace = [], problem.__traceback__
    while trace is not None:
        found.append(trace)
        trace = trace.tb_next
    return found


def refused(world: World, problem: BaseException) -> Finding | None:
    """The story of an exception that ended the program; None if it is none of those known here."""
    message = str(problem)
    for said, tell in _STORIES.items():
        if said in message and isinstance(problem, RuntimeError | ValueError):
            return tell(Moment(world, problem), message)
    return None


def _leaf(moment: Moment, message: str) -> Finding:
    name = moment.called(moment.target()) or "a leaf"
    part = "a view of it" if message.startswith("a view") else "it"
    return InplaceModified.found(
        name,
        moment.where,
        what=f"{quoted(name)} is a leaf that requires a gradient, and {quoted(moment.place.expression or moment.place.text)} writes into "
        f"{part} while PyTorch records.",
        why="A leaf has no history: after a recorded write it would be the result of an operation, and its gradient would belong to the "
        "value before. PyTorch refuses that.",
        fix=f"To change the weight itself, put the line into `with torch.no_grad():`. To use a changed copy in the model, write into "
        f"`changed = {name}.clone()`.",
        cause="leaf",
    )


def _views(moment: Moment, message: str) -> Finding:
    name = moment.called(moment.target()) or "a view"
    made = re.search(r"Output \d+ of (\w+?)(Backward\d*)? is a view", message)
    return InplaceModified.found(
        name,
        moment.where,
        what=f"{quoted(name)} is one of several views that {made.group(1).lower() if made else 'one function'} gave, and "
        f"{quoted(moment.place.expression or moment.place.text)} writes into it.",
        why="Functions such as unbind, split and chunk give views of one memory; after a write into one the gradients of the "
        "others cannot be told.",
        fix=f"Write the form that makes a new tensor, or `{name} = {name}.clone()` right before.",
        cause="view",
    )


def _scalar(moment: Moment, _message: str) -> Finding:
    name = moment.loss()
    tensor = moment.tensor(name)
    sizes = f"has the shape {shape(tuple(tensor.shape))}: {tensor.numel():,} numbers" if tensor is not None else "has several elements"
    return NotAScalar.found(
        name,
        moment.where,
        what=f"{quoted(name)} {sizes}, not one.",
        why="The gradient of several numbers is a matrix; backward works its product with a vector, and for more than one number PyTorch "
        "does not guess how much each of them counts.",
        fix=f"Write `{name}.mean().backward()`; or `{name}.sum().backward()`, whose gradient is larger by the number of elements; or "
        f"give the weights: `{name}.backward(gradient=weights)`.",
    )


def _given(moment: Moment, message: str) -> Finding:
    name, found = moment.loss(), _GIVEN.search(message)
    got, expected = (found.group(2), found.group(3)) if found else ("another", "its own")
    return WrongGradientShape.found(
        moment.called(name),
        moment.where,
        what=f"The gradient given for {quoted(name)} has the shape {got}, and {quoted(name)} has the shape {expected}.",
        why="A gradient has exactly the shape of what it belongs to: one number for each element. Here PyTorch does not broadcast.",
        fix=f"Give `torch.ones_like({name})`, or `weights.expand_as({name})`; for a single number as the loss, `{name}.sum().backward()`.",
        cause="given",
    )


def _anomaly(moment: Moment, message: str) -> Finding | None:
    found = _NAN.search(message)
    if found is None or any(code.startswith("non-finite") for code, _, _ in moment.world.findings):
        return None
    loss = moment.loss()
    return NonFiniteGradient.found(
        loss,
        moment.where,
        what=f"Anomaly detection stopped the backward of {quoted(loss)}: {found.group(1)} gave NaN for its input {found.group(2)}.",
        why="Where the NaN came from was not seen in this recording.",
        fix="Switch anomaly detection off and run `byhand diagnose` again: it names the element, the line and the arithmetic.",
    )


def _unseen(moment: Moment, _message: str) -> Finding:
    name = moment.loss()
    return FreedGraph.found(
        name,
        moment.where,
        what=f"The graph of {quoted(name)} has a part whose values an earlier backward has already given back.",
        why="This pass was not observed, so which tensor was kept from the earlier one cannot be told.",
        fix="Detach what is carried from step to step, or work it out anew in every step.",
    )


def _overwritten(moment: Moment, message: str) -> Finding:
    name = moment.loss()
    return InplaceModified.found(
        name,
        moment.where,
        what=f"The backward of {quoted(name)} needs a value that was overwritten: {message.partition('. Hint')[0].partition(': ')[2]}.",
        why="This pass was not observed, so who wrote cannot be told.",
        fix="Look for `+=`, `x[i] = ...`, methods that end in _, inplace=True and optimizer.step() between the forward and this line.",
    )


_STORIES: dict[str, Callable[[Moment, str], Finding | None]] = {
    "leaf Variable that requires grad is being used in an in-place operation": _leaf,
    "Such functions do not allow the output views to be modified inplace": _views,
    "grad can be implicitly created only for scalar outputs": _scalar,
    "Mismatch in shape: grad_output": _given,
    "returned nan values in its": _anomaly,
    "backward through the graph a second time": _unseen,
    "modified by an inplace operation": _overwritten,
}

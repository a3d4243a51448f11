"""PyTorch's own errors, recognised and explained: what the message means, where it was met, and what to type."""

import linecache
import re
import traceback
from typing import Any

from byhand.errors import ByhandError, IntegerGradient, ModifiedInPlace, NoGraph, NotAScalar, SecondBackward
from byhand.recording.frames import outside
from byhand.recording.scope import Variables


def explained(problem: BaseException) -> ByhandError | None:
    """The explanation of an exception that PyTorch raised; None if it is not one that byhand knows."""
    message = str(problem)
    if not isinstance(problem, RuntimeError) or isinstance(problem, ByhandError):
        return None
    where, name, frame = _moment(problem)
    if "can require gradients" in message:
        return IntegerGradient(message, where=where)
    if "modified by an inplace operation" in message:
        return ModifiedInPlace("backward", "", message, where=where)
    if "backward through the graph a second time" in message:
        return SecondBackward(name, where=where)
    if "does not require grad and does not have a grad_fn" in message:
        return NoGraph(name, "explain", why_no_graph(Variables(frame), off=False), where=where)
    if "grad can be implicitly created only for scalar outputs" in message:
        return NotAScalar(name, (), "backward", where=where)
    return None


def why_no_graph(variables: Variables, *, off: bool) -> str:
    """The cause that NoGraph is to tell, from what the program's variables are; `off` says that gradients are switched off."""
    models = [parameter for _, model in variables.models for parameter in model.parameters()]
    if not any(tensor.requires_grad for tensor in [*variables.tensors, *models]):
        return "nowhere"
    return "no_grad" if off else "cut"


def _moment(problem: BaseException) -> tuple[str, str, Any]:
    """The user's line that raised, the name of the loss as that line says it, and the line's frame."""
    places = [(frame, line) for frame, line in traceback.walk_tb(problem.__traceback__) if outside(frame.f_code.co_filename)]
    if not places:
        return "the program", "loss", None
    frame, line = places[-1]
    file = frame.f_code.co_filename
    text = linecache.getline(file, line).strip()
    found = re.search(r"([\w.]+)\.backward\(", text)
    short = file.replace("\\", "/").rpartition("/")[2]
    return f"{short}, line {line}{': ' if text else ''}{text}", found.group(1) if found else "loss", frame

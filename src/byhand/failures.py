"""PyTorch's own errors, recognised and explained: what the message means, and what to type."""

import re

from byhand.errors import ByhandError, GraphFreed, IntegerGradient, ModifiedInPlace, NoGraph, NotAScalar


def explained(problem: BaseException) -> ByhandError | None:
    """The explanation of an exception that PyTorch raised; None if it is not one that byhand knows."""
    message = str(problem)
    if not isinstance(problem, RuntimeError) or isinstance(problem, ByhandError):
        return None
    if "can require gradients" in message:
        return IntegerGradient(message)
    if "modified by an inplace operation" in message:
        found = re.search(r"output \d+ of (\w+)", message)
        return ModifiedInPlace(found.group(1) if found else "an operation", "its input or result", message)
    if "backward through the graph a second time" in message:
        return GraphFreed("an operation")
    if "does not require grad and does not have a grad_fn" in message:
        return NoGraph("loss", "explain", "cut")
    if "grad can be implicitly created only for scalar outputs" in message:
        return NotAScalar("loss", (), "explain")
    return None

"""Where the second opinion on a node comes from."""

from typing import Any

from torch.autograd.function import BackwardCFunction

from byhand.errors import NoRule, Unreadable
from byhand.graph import Node
from byhand.opinions.difference import by_difference
from byhand.opinions.operations import by_operations
from byhand.opinions.opinion import Grads, Opinion
from byhand.recording.tape import Tape

COMPILED = "torch.compile made one operation of a whole region; TORCH_COMPILE_DISABLE=1 in the environment runs it as it is written"
WRITTEN = "something was written into a view, and only a recording sees what"
UNSEEN = "its forward was not seen: no recording ran then, or its inputs are no ordinary tensors"


def unseen(node: Node, live: Any) -> str:
    """Why nothing is known of the forward of a node that is not PyTorch's own; "" for one that is."""
    if node.name.startswith("CompiledFunction"):
        return COMPILED
    if node.name == "CopySlices":
        return WRITTEN
    return UNSEEN if isinstance(live, BackwardCFunction) else ""


def opinion_of(node: Node, tape: Tape, grads: Grads) -> Opinion:
    """The second opinion on a node whose forward was written down: by its operations, or where these cannot be followed by differences.

    Raises Unreadable with the reason where there is none.
    """
    try:
        return by_operations(node, tape, grads)
    except NoRule as problem:
        reason = f"its forward has an operation without a rule ({problem.where.partition(',')[0]})"
    except Unreadable as problem:
        reason = problem.why
    if tape.again is None:
        raise Unreadable(node.name, "", reason)
    return by_difference(node, tape, grads, reason)

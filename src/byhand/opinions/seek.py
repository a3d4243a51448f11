"""Where the second opinion on a node comes from."""

from typing import Any

from torch.autograd.function import BackwardCFunction

from byhand.errors import NoRule, Unreadable
from byhand.graph import Node
from byhand.opinions.difference import by_difference, upstream_of
from byhand.opinions.opaque import Opaque
from byhand.opinions.operations import by_operations
from byhand.opinions.opinion import Grads, Opinion
from byhand.opinions.probes import refuted
from byhand.recording.tape import Tape

COMPILED = "torch.compile made one operation of a whole region; TORCH_COMPILE_DISABLE=1 in the environment runs it as it is written"
WRITTEN = "something was written into a view, in a way that was not seen: only a recording sees it, and not every way"
UNSEEN = "its forward was not seen: no recording ran then, or its inputs or results are no ordinary tensors"


def unseen(node: Node, live: Any) -> str:
    """Why nothing is known of the forward of a node that is not PyTorch's own; "" for one that is."""
    if node.name.startswith("CompiledFunction"):
        return COMPILED
    if node.name == "CopySlices":
        return WRITTEN
    return UNSEEN if isinstance(live, BackwardCFunction) else ""


def doubted(node: Node, tape: Tape, grads: Grads, opinion: Opinion) -> Opinion | None:
    """Another opinion, if the forward itself refutes one by its operations: some of what it does was not seen. None if it does not."""
    if opinion.by != "operations" or not tape.outside or tape.again is None:
        return None
    reason = "its forward does something that PyTorch's calls do not show"
    try:
        function = Opaque(tape, reason)
    except Unreadable:
        return None
    upstream = upstream_of(function, grads)
    edges = [number for number, edge in enumerate(node.edges) if edge is not None]
    wrong = any(refuted(function, number, upstream, opinion.given[edge]) for edge, number in zip(edges, tape.wanted, strict=True))
    return by_difference(node, tape, grads, reason) if wrong else None


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

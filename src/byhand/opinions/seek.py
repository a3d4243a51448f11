"""Where the second opinion on a node comes from."""

from byhand.errors import NoRule, Unreadable
from byhand.graph import Node
from byhand.opinions.difference import by_difference
from byhand.opinions.operations import by_operations
from byhand.opinions.opinion import Grads, Opinion
from byhand.recording.tape import Tape


def opinion_of(node: Node, tape: Tape, grads: Grads) -> Opinion:
    """The second opinion on a node whose forward was written down: by its operations, or where these cannot be followed by differences.

    Raises Unreadable with the reason where there is none.
    """
    try:
        return by_operations(node, tape, grads)
    except NoRule as problem:
        reason = f"an operation of its forward has no rule: {problem.why}"
    except Unreadable as problem:
        reason = problem.why
    if tape.again is None:
        raise Unreadable(node.name, "", reason)
    return by_difference(node, tape, grads, reason)

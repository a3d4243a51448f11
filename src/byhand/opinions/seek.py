"""Where the second opinion on a node comes from."""

from typing import Any

from byhand.errors import NoRule, Unreadable
from byhand.graph import Node
from byhand.opinions.operations import by_operations
from byhand.opinions.opinion import Grads, Opinion


def opinion_of(node: Node, tape: Any, grads: Grads) -> Opinion:
    """The second opinion on a node whose forward was written down. Raises Unreadable with the reason where there is none."""
    try:
        return by_operations(node, tape, grads)
    except NoRule as problem:
        raise Unreadable(node.name, "", f"an operation of its forward has no rule: {problem.why}") from None

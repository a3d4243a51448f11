"""Who else takes a gradient that a backward wrote into."""

from byhand.results import Output, Pass, Step
from byhand.value import Value
from byhand.words import plain


def changed_for(result: Pass, step: Step) -> tuple[tuple[int, str], ...]:
    """The other nodes to which a changed gradient arrived, and the names of their values.

    They are those that an operation behind which the step lies sends a gradient to: PyTorch hands one tensor on to several nodes where
    their gradients are the same, as a sum does.
    """
    before = _before(result, step.index)
    fed = {edge.node for node in before for edge in result.graph.nodes[node].edges if edge is not None} - before - {step.index}
    found = [
        (other.index, plain(other.name or other.expression)) for other in result.steps if other.index in fed and _changed(other.outputs)
    ]
    return (*found, *((leaf.index, plain(leaf.name)) for leaf in result.leaves if leaf.index in fed and leaf.rewritten))


def _changed(outputs: tuple[Output, ...]) -> bool:
    return any(output.rewritten and isinstance(output.by_torch, Value) for output in outputs)


def _before(result: Pass, index: int) -> set[int]:
    """The nodes whose gradients flow to a node."""
    feeds: dict[int, list[int]] = {}
    for node in result.graph.nodes:
        for edge in node.edges:
            if edge is not None:
                feeds.setdefault(edge.node, []).append(node.index)
    found: set[int] = set()
    waiting = list(feeds.get(index, ()))
    while waiting:
        node_index = waiting.pop()
        if node_index not in found:
            found.add(node_index)
            waiting += feeds.get(node_index, ())
    return found

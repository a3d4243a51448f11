"""Second derivatives as part of a pass: asked for in the program's own backward, marked where they are wrong, and counted."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.graph import Graph, Node
from byhand.results import Contribution, Fault, SecondDerivatives, Verdict
from byhand.second.node import ONCE, Seconded, Sent, second_of
from byhand.second.workings import Bounds


def inputs_of(node: Node, live: Sequence[Any]) -> dict[int, tuple[Any, int]]:
    """Where the inputs of a node come from, by its edges: PyTorch's own nodes and their outputs."""
    return {number: (live[edge.node], edge.output_nr) for number, edge in enumerate(node.edges) if edge is not None}


def second_in_pass(
    node: Node,
    live: Sequence[Any],
    grads: Sequence[torch.Tensor | None],
    theirs: Sequence[torch.Tensor | None],
    known: Callable[[Any], bool],
) -> Seconded:
    """The second derivative of a node that ran in the program's own backward with `create_graph=True`, from the graph it left."""
    edges = {number: theirs[number] for number in inputs_of(node, live) if number < len(theirs)}
    sent = Sent(grads, {number: given for number, given in edges.items() if given is not None}, running=True)
    return second_of(node, live[node.index], sent, Bounds(inputs_of(node, live), known))


def marked(made: Sequence[Contribution], found: Seconded) -> tuple[Contribution, ...]:
    """The contributions of a node, the one that cannot be differentiated rightly marked as such."""
    if found.verdict is not Verdict.DIFFERS or not made:
        return tuple(made)
    edges = [each.edge for each in made]
    at = edges.index(found.edge) if found.edge in edges else 0
    fault = Fault.SECOND if found.lost else Fault.SECOND_WRONG
    comparison = replace(made[at].comparison, fault=fault, pattern=found.reason)
    return (*made[:at], replace(made[at], comparison=comparison), *made[at + 1 :])


def counted(graph: Graph, found: Sequence[Seconded]) -> SecondDerivatives:
    """How many nodes were compared, and why the others were not."""
    refused = [each for each in found if each.reason == ONCE]
    unjudged = [each for each in found if each.verdict in (Verdict.NO_RULE, Verdict.NOT_COMPARED) and each.reason != ONCE]
    verdicts = Counter(each.verdict for each in found)
    reasons = Counter(f"{graph.nodes[each.index].name}: {each.reason}" for each in unjudged)
    return SecondDerivatives(verdicts[Verdict.AGREES], verdicts[Verdict.DIFFERS], len(refused), len(unjudged), dict(reasons))

"""The second derivative of one node: what its gradients depend on, by hand beside PyTorch's own."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch.autograd.function import BackwardCFunction, once_differentiable

from byhand.chain_rule import receive
from byhand.comparison import compare, unit
from byhand.errors import ByhandError, NoRule, Unreadable
from byhand.graph import Node
from byhand.judged import Judged
from byhand.recording.direct import run_node
from byhand.recording.functions import TAPE
from byhand.recording.tape import Tape
from byhand.results import Verdict
from byhand.rules.table import rules_of
from byhand.second.beside import Place, direction, first_apart, largest, places_of
from byhand.second.derivatives import Derivatives, Paths, add, by_hand, by_torch
from byhand.second.differences import slope_of
from byhand.second.workings import Bounds, ByOperations, ByRules, Directions, Grads, Working
from byhand.value import magnitude
from byhand.words import size

ONCE = "PyTorch refuses to differentiate its backward, and says so"
FIRST = "its first derivative differs already"
SPARSE = "sparse gradients are not differentiated twice by hand"
UNKNOWN = "nothing is known of its forward"
_REFUSALS = frozenset({"Error", "DelayedError", "NotImplemented"})
MARGIN = 16  # floors by which a node of PyTorch's second derivative must be off to be called wrong by itself
_SAME = 1e-6  # rounding by which two gradients may differ and still be of one function: others judge them


@dataclass(frozen=True, slots=True)
class Seconded:
    """What was found out about the second derivative of one node.

    Where it differs, `edge` is the input towards which (None: the upstream gradient), `lost` says that PyTorch's graph misses it
    or a part of it, and `reason` is a sentence with the numbers.
    """

    index: int
    verdict: Verdict
    reason: str = ""
    edge: int | None = None
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """What PyTorch's node sent, by edge, and the upstream gradients it was worked from, all with the graph that leads back to them.

    `running` says that PyTorch's engine is at work: then its nodes answer only for what that pass asked for.
    """

    grads: Grads
    edges: Mapping[int, torch.Tensor]
    running: bool = False


def second_of(node: Node, live: Any, sent: Sent, bounds: Bounds) -> Seconded:
    """The derivative of what PyTorch's node sent, beside the same by hand."""
    try:
        return _compared(node, live, sent, bounds)
    except (NoRule, Unreadable) as problem:
        return Seconded(node.index, Verdict.NO_RULE if isinstance(problem, NoRule) else Verdict.NOT_COMPARED, problem.why)
    except ByhandError:
        raise
    except Exception as problem:
        return Seconded(
            node.index, Verdict.NOT_COMPARED, f"our rule could not be differentiated: {type(problem).__name__}: {problem}".splitlines()[0]
        )


def _compared(node: Node, live: Any, sent: Sent, bounds: Bounds) -> Seconded:
    if any(each.layout is not torch.strided for each in (*sent.edges.values(), *filter(torch.is_tensor, sent.grads))):
        return Seconded(node.index, Verdict.NOT_COMPARED, SPARSE)
    fresh = [None if grad is None else grad.detach().requires_grad_() for grad in sent.grads]
    places = places_of(sent.grads, fresh, bounds)
    ends = {place.theirs[0] for place in places}
    directions = {number: direction(node, number, tensor) for number, tensor in sent.edges.items()}
    paths = Paths(sent.edges, directions, lambda live: live in ends or bounds.known(live))
    if _REFUSALS & set(paths.names) or _silenced(live, sent):
        return Seconded(node.index, Verdict.NOT_COMPARED, ONCE)
    theirs, judged = (by_hand(paths, foreign=True), Judged()) if sent.running else by_torch(paths)
    unknown = [each.reason for index, each in judged.leaves.items() if (index, 0) not in judged.kept]
    if unknown:
        return unrun(node, unknown[0])
    if _is_function(live) and _is_cut(sent, theirs, places):
        words = "towards everything it was worked from: PyTorch has no graph of what it returned"
        return Seconded(node.index, Verdict.DIFFERS, words, next(iter(sent.edges)), lost=True)
    working, gradients = _worked(node, live, fresh, bounds)
    if working is None:
        return _by_differences(node, live, sent, directions, theirs, bounds)
    if _differ(node, gradients, sent):
        return Seconded(node.index, Verdict.NOT_COMPARED, FIRST)
    wrong = _wrong(node, paths, judged)
    if wrong is not None:
        return wrong
    _lead_on(node, live, theirs, bounds)
    apart = first_apart(node, working, theirs, directions, places, max(_loudest(sent), _on_the_way(judged)))
    if apart is None:
        return Seconded(node.index, Verdict.AGREES)
    # a right gradient, made of steps that are each differentiated rightly, has a wrong derivative only where steps are not in the graph
    traced = _is_function(live) and not any(map(_is_function, paths.nodes))
    return Seconded(node.index, Verdict.DIFFERS, apart.words, apart.edge, lost=apart.nothing or traced)


def unrun(node: Node, reason: str) -> Seconded:
    """Nothing is known of a node that could not be run; that PyTorch has no second derivative of it is a refusal."""
    return Seconded(node.index, Verdict.NOT_COMPARED, ONCE if "is not implemented" in reason else reason)


def _is_function(live: Any) -> bool:
    return isinstance(live, BackwardCFunction)


def _silenced(live: Any, sent: Sent) -> bool:
    """Whether once_differentiable had nothing to hang its refusal on: no upstream gradient has a graph."""
    backward = getattr(getattr(type(live), "_forward_cls", None), "backward", None)
    code = getattr(backward, "__code__", None)
    wrapped = hasattr(backward, "__wrapped__") and code is not None and code.co_filename == once_differentiable.__code__.co_filename
    return wrapped and not any(each.requires_grad for each in sent.edges.values())


def _is_cut(sent: Sent, theirs: Derivatives, places: list[Place]) -> bool:
    """Whether what a backward returned has no path even to the upstream gradient, of which it is a multiple."""
    upstream = [place for place in places if place.edge is None]
    return bool(upstream) and not theirs and any(largest(each.detach()) for each in sent.edges.values())


def _worked(node: Node, live: Any, grads: Grads, bounds: Bounds) -> tuple[Working | None, Mapping[int, torch.Tensor]]:
    """How the gradients are worked by hand, and what they are; nothing where a Function can be called again, but not looked into."""
    if any(rules_of(node.name, number) for number in range(len(node.edges))):
        by_rules = ByRules(node, live, grads, bounds)
        return by_rules, by_rules.gradients()
    tape = live.metadata.get(TAPE)
    if not isinstance(tape, Tape):
        raise Unreadable(node.name, "", str(tape or UNKNOWN))
    by_operations = ByOperations(node, tape, grads, bounds)
    try:
        return by_operations, by_operations.gradients()
    except (NoRule, Unreadable):
        if not _is_function(live):
            raise
        return None, {}


def _by_differences(node: Node, live: Any, sent: Sent, directions: Directions, theirs: Derivatives, bounds: Bounds) -> Seconded:
    """What can be said of a Function that can only be called: whether its backward changes as PyTorch thinks."""
    _lead_on(node, live, theirs, bounds)
    words = slope_of(node, live.metadata[TAPE], sent.grads, directions, theirs, bounds).words()
    if not words:
        return Seconded(node.index, Verdict.AGREES)
    return Seconded(node.index, Verdict.DIFFERS, words, next(iter(sent.edges)), lost=True)


def _differ(node: Node, ours: Mapping[int, torch.Tensor], sent: Sent) -> bool:
    """Whether the gradients themselves are not the same: then there is nothing to say about what they depend on."""
    loudest = _loudest(sent)
    for number, given in sent.edges.items():
        edge, theirs = node.edges[number], given.detach()
        mine = receive(ours[number].detach(), edge) if edge is not None and number in ours else torch.zeros_like(theirs)
        scale = max(largest(mine), largest(theirs), loudest)
        if compare(mine, theirs, max(unit(theirs.dtype), _SAME), scale=scale).verdict is Verdict.DIFFERS:
            return True
    return False


def _loudest(sent: Sent) -> float:
    """The largest number among the upstream gradients and what the node sent."""
    return max((largest(each.detach()) for each in (*sent.grads, *sent.edges.values()) if each is not None), default=0.0)


def _on_the_way(judged: Judged) -> float:
    """The largest number among what PyTorch's nodes sent one another."""
    return max((magnitude(each.by_torch) for made in judged.contributions.values() for each in made), default=0.0)


def _wrong(node: Node, paths: Paths, judged: Judged) -> Seconded | None:
    """The first of the nodes that PyTorch made for the second derivative that differs from our rule for it.

    Where one of the two is no number, at a kink or a pole, the whole derivative has the say.
    """
    for index, made in judged.contributions.items():
        for each in made:
            found = each.comparison
            if found.verdict is Verdict.DIFFERS and MARGIN * found.floor < found.error < math.inf:
                words = f"PyTorch's {paths.names[index]} is off by {size(found.error)}, where rounding explains {size(found.floor)}"
                return Seconded(node.index, Verdict.DIFFERS, words)
    return None


def _lead_on(node: Node, live: Any, theirs: Derivatives, bounds: Bounds) -> None:
    """What depends on a result of the node depends on its inputs: PyTorch's own node says how."""
    passed = [theirs.pop((live, number), None) for number in range(len(node.outputs))]
    if any(each is not None for each in passed):
        for number, (edge, given) in enumerate(zip(node.edges, run_node(node, live, passed), strict=False)):
            if edge is not None and given is not None:
                add(theirs, bounds.inputs[number], receive(given, edge))

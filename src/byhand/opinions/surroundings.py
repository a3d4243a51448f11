"""What stands around a wrong gradient of one node, for the patterns: gathered only where something differs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch

from byhand.chain_rule import as_is, settle
from byhand.errors import ByhandError
from byhand.graph import Edge, Node
from byhand.opinions.operations import derive
from byhand.opinions.opinion import Given, Grads, Opinion
from byhand.pattern import Around
from byhand.recording.declared import argument_numbers, input_names
from byhand.recording.functions import TAPE
from byhand.recording.kept import same
from byhand.recording.modules import here
from byhand.recording.rerun import Wider, run_again
from byhand.recording.tape import Tape
from byhand.results import Comparison, Fault, Verdict

MOST = 16  # tensors in variables of a module or a class that are tried in place of an input


def around(node: Node, live: Any, opinion: Opinion, grads: Grads, number: int) -> Around:
    """Everything that the gradient of one edge may have been mistaken for, as far as it can be worked out."""
    tape = live.metadata.get(TAPE)
    edge = node.edges[number]
    if edge is None or tape is None:
        return Around(grads)
    names = [f"`{name}`" if name else f"input {place}" for place, name in enumerate(input_names(live, len(tape.inputs), tape.wanted))]
    return Around(
        grads,
        siblings=_siblings(node, opinion.given, number, [names[place] for place in tape.wanted]),
        parts=_parts(opinion, grads, number, edge),
        values=_values(tape, names),
        returned=_returned(node, live, number),
        mistaken=_mistaken(node, tape, grads, number, names),
    )


def written_into(comparison: Comparison, live: Any) -> Comparison:
    """The comparison; a right gradient says so if the backward that worked it wrote into what was saved, or into what arrived."""
    names = here.ran.overwritten if here.ran is not None and here.ran.node is live else ()
    if comparison.verdict is not Verdict.AGREES or not names:
        return comparison
    return replace(comparison, fault=Fault.OVERWRITTEN, pattern=f"backward wrote into {' and '.join(names)}")


def _leading(node: Node) -> list[int]:
    """The edges that lead on: what needed a gradient, in the order of the inputs."""
    return [number for number, edge in enumerate(node.edges) if edge is not None]


def _siblings(node: Node, given: Given, number: int, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Our gradients of the other inputs."""
    found = {}
    for place, each in enumerate(_leading(node)):
        sent, edge = given.get(each), node.edges[each]
        if each != number and sent is not None and edge is not None and place < len(names):
            found[names[place]] = settle(sent, edge)
    return found


def _parts(opinion: Opinion, grads: Grads, number: int, edge: Edge) -> dict[int, torch.Tensor]:
    """What each output alone sends to an edge, where there are several."""
    outputs = [output for output, grad in enumerate(grads) if grad is not None]
    if opinion.work is None or len(outputs) < 2:
        return {}
    found = {}
    for output in outputs:
        alone = [grad if each == output else None for each, grad in enumerate(grads)]
        sent = opinion.work(alone, as_is)[number]
        if sent is not None:
            found[output] = settle(sent, edge)
    return found


def _values(tape: Tape, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """The inputs and the outputs of the forward."""
    kept = {name: value for name, value in zip(names, (each.value() for each in tape.inputs), strict=True) if value is not None}
    if len(kept) < len(names):
        return kept
    try:
        outputs = run_again(tape, list(kept.values()), Wider(None))
    except ByhandError:
        return kept
    what = ["the output"] if len(outputs) == 1 else [f"output {output}" for output in range(len(outputs))]
    return kept | {name: output.detach() for name, output in zip(what, outputs, strict=True)}


def _returned(node: Node, live: Any, number: int) -> tuple[int, ...] | None:
    """The shape that backward returned for an edge, where that was seen."""
    ran = here.ran
    leading = _leading(node)
    if ran is None or ran.node is not live or not hasattr(live, "needs_input_grad"):
        return None
    arguments = argument_numbers(live)
    place = arguments[leading.index(number)] if len(arguments) == len(leading) else len(ran.shapes)
    return ran.shapes[place] if place < len(ran.shapes) else None


def _mistaken(node: Node, tape: Tape, grads: Grads, number: int, names: Sequence[str]) -> Mapping[str, tuple[Fault, torch.Tensor]]:
    """What comes of other numbers in place of an input: those that it has now, or those that a variable has."""
    found: dict[str, tuple[Fault, torch.Tensor]] = {}
    then = [each.value() for each in tape.inputs]
    for words, fault, place, value in _instead(tape, names):
        values = [value if each == place else old for each, old in enumerate(then)]
        sent = _worked(node, tape, values, grads, number)
        if sent is not None:
            found[words] = (fault, sent)
    return found


def _instead(tape: Tape, names: Sequence[str]) -> Iterator[tuple[str, Fault, int, torch.Tensor]]:
    for place in tape.overwritten:
        words = f"it is the gradient at what {names[place]} holds now: that was changed in place between forward and backward"
        now = tape.inputs[place].tensor
        if now is not None:
            yield words, Fault.OVERWRITTEN, place, now
    then = [each.value() for each in tape.inputs]
    known = [each for each in then if each is not None]
    for name, value in _variables(tape):
        if any(same(each, value) for each in known):
            continue
        for place, each in enumerate(then):
            if each is not None and each.shape == value.shape and each.dtype == value.dtype:
                words = f"it is worked with what {name} holds now, in place of {names[place]}: another call has written there"
                yield words, Fault.STATE, place, value


def _variables(tape: Tape) -> list[tuple[str, torch.Tensor]]:
    """The tensors in the attributes of the Function's class and in the variables of its module."""
    found = []
    for owner in tape.owners:
        variables = vars(owner) if isinstance(owner, type) else owner
        prefix = f"{owner.__name__}." if isinstance(owner, type) else ""
        found += [(f"{prefix}{name}", value.detach()) for name, value in list(variables.items()) if isinstance(value, torch.Tensor)]
    return found[:MOST]


def _worked(node: Node, tape: Tape, values: Sequence[torch.Tensor | None], grads: Grads, number: int) -> torch.Tensor | None:
    """The gradient of one edge with other values in place of the inputs, None where that cannot be worked."""
    inputs = [value.detach().clone() for value in values if value is not None]
    edge = node.edges[number]
    if len(inputs) < len(values) or edge is None:
        return None
    for wanted in tape.wanted:
        inputs[wanted].requires_grad_()
    try:
        with torch.no_grad():
            outputs = run_again(tape, inputs, Wider(None))
            sent = derive(outputs, [inputs[wanted] for wanted in tape.wanted], grads)[_leading(node).index(number)]
    except (ByhandError, RuntimeError):
        return None
    return None if sent is None else settle(sent, edge)

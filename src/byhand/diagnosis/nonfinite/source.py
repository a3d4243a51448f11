"""Constants that were not finite before any gradient was wanted: the call that made them so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from byhand.diagnosis.nonfinite.elements import Element, first_bad, indexed, told
from byhand.diagnosis.nonfinite.scene import Scene, is_finite, tensor_of
from byhand.diagnosis.world import origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call, Seen
from byhand.recording.naming import written
from byhand.words import located, plain

FAR = 50  # calls that a constant is followed back through


@dataclass(frozen=True, slots=True)
class Source:
    """Where a constant became not finite: the line, what is written there, and the words for it."""

    where: Origin | None
    expression: str
    text: str


def source_of(scene: Scene, index: int) -> Source | None:
    """Where the constant came from that made a node's result not finite; None if it took in no such constant."""
    said = scene.passing.describe(index)
    if said.call < 0:
        return None
    calls = scene.passing.world.calls()
    for name, seen, value in _bad_constants(calls[said.call], [each.text for each in said.arguments]):
        born = _followed(calls, said.call, seen)
        element = first_bad(value)
        if born is not None:
            return _made(born)
        if element is not None and bool(value.isnan().any()):
            flaw = f"{indexed(plain(name) or 'a constant', element)} = {told(value[element])}"
            return Source(said.origin, plain(name), f"{flaw} before anything is worked with it")
    return None


def _bad_constants(call: Call, texts: list[str]) -> Iterator[tuple[str, Seen, torch.Tensor]]:
    for number, argument in enumerate(call.arguments):
        value = tensor_of(argument) if isinstance(argument, Seen) else None
        if value is not None and not is_finite(value):
            yield texts[number] if number < len(texts) else "", argument, value


def _followed(calls: list[Call], number: int, seen: Seen) -> Call | None:
    """The first call, back from a constant, that gave what is not finite although all that is known of what it took in is."""
    found = None
    for _ in range(FAR):
        maker = next((each for each in range(number - 1, -1, -1) if _gave(calls[each], seen.reference)), None)
        if maker is None:
            return found
        found, number = calls[maker], maker
        bad = next((seen for _, seen, _ in _bad_constants(found, [])), None)
        if bad is None:
            return found
        seen = bad
    return found


def _gave(call: Call, reference: Any) -> bool:
    results = call.results if isinstance(call.results, list) else [call.results]
    return any(type(each) is tuple and each[0] is reference for each in results) and getattr(call.function, "__name__", "") not in SAME


SAME = frozenset({"__setitem__", "__get__", "detach", "to", "requires_grad_", "cpu", "contiguous"})
"""Calls that hand numbers on as they are; a write into some elements has put there what it was given."""


def _made(call: Call) -> Source:
    place = written(call.code, call.instruction) if call.code else None
    expression = plain(place.expression) if place else ""
    origin = origin_of_call(call)
    results = call.results if isinstance(call.results, list) else [call.results]
    value = tensor_of(Seen._make(results[0])) if type(results[0]) is tuple else None
    element = first_bad(value) if value is not None else None
    name = place.target if place and isinstance(place.target, str) else expression
    flaw = _flaw(name or expression or "a constant", value, element)
    zeros = _zeros(call, [each.text for each in place.arguments(len(call.arguments))] if place else [])
    return Source(origin, expression, f"{flaw} ({located(origin)}), before any gradient is wanted{zeros}")


def _flaw(name: str, value: torch.Tensor | None, element: Element | None) -> str:
    if value is None or element is None:
        return f"{plain(name)} is not finite"
    return f"{indexed(plain(name), element)} = {told(value[element])}"


def _zeros(call: Call, texts: list[str]) -> str:
    """Which of what the call took in is 0 somewhere: a denominator."""
    for number, argument in enumerate(call.arguments):
        value = tensor_of(argument) if isinstance(argument, Seen) else None
        zero = (value == 0).nonzero() if value is not None else None
        if zero is not None and len(zero) and number < len(texts) and texts[number]:
            return f"; {indexed(plain(texts[number]), tuple(zero[0].tolist()))} = 0"
    return ""

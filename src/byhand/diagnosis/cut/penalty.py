"""Finds gradients that are added to a loss as a penalty, and were worked without a graph of their own."""

import weakref
from collections.abc import Iterator
from typing import Any

import torch

from byhand.diagnosis.cut.typed import operation, source_of
from byhand.diagnosis.family import Family
from byhand.diagnosis.kinds.rules import SecondDerivativeLost
from byhand.diagnosis.lineage import Lineage, is_data_read, name_of
from byhand.diagnosis.passing import Passing
from byhand.diagnosis.typed import assignment, typed
from byhand.diagnosis.world import World, origin_of_call
from byhand.findings import Finding
from byhand.recording.calls import Call, Seen
from byhand.recording.naming import Written
from byhand.recording.targets import Target
from byhand.words import plain

_ADDING = frozenset({"add", "add_", "__add__", "__radd__", "__iadd__", "sub", "sub_", "__sub__", "__rsub__", "rsub", "__isub__"})
_MEANT = frozenset({"detach", "detach_", "item", "tolist", "numpy", "__float__"})


class Penalty(Family):
    """Looks whether a scalar made of gradients alone is a term of the loss: nothing else can make such a constant of use there."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._said: set[Any] = set()

    def starting(self, passing: Passing) -> None:
        """Look at the calls that the loss came from."""
        if not passing.closely or passing.kind != "backward":
            return
        calls = self.world.calls()
        asked = [number for number, call in enumerate(calls) if _asks(call) and (call.code, call.instruction) not in self._said]
        if not asked:
            return
        lineage = Lineage(calls)
        way = lineage.ancestors([weakref.ref(root) for root in passing.roots if isinstance(root, torch.Tensor)])
        for number in asked:
            joined = next(_joined(lineage, way, number), -1) if number in way else -1
            if joined >= 0:
                self._said.add((calls[number].code, calls[number].instruction))
                self.report(_finding(calls[number], calls[joined], passing))


def _asks(call: Call) -> bool:
    """Whether a call is `torch.autograd.grad` without `create_graph`."""
    return call.function is torch.autograd.grad and call.code is not None and not (call.keywords or {}).get("create_graph")


def _joined(lineage: Lineage, way: set[int], number: int) -> Iterator[int]:
    """The calls in which a scalar that was made of a gradient, and of no weight, is added to what needs a gradient."""
    waiting, met = [number], {number}
    while waiting:
        before = waiting.pop()
        for use in lineage.users(before):
            call = lineage.calls[use.call]
            if use.call in met or use.call not in way or name_of(call) in _MEANT or is_data_read(call):
                continue
            met.add(use.call)
            if not any(each.needs for each in lineage.inputs[use.call]):
                waiting.append(use.call)
            elif name_of(call) in _ADDING and _scalar(call):
                yield use.call


def _scalar(call: Call) -> bool:
    """Whether numbers of no dimension were added to each other."""
    given = [each.shape for each in call.arguments if isinstance(each, Seen)]
    return type(call.results) is tuple and Seen._make(call.results).shape == () and given == [()]


def _finding(call: Call, joined: Call, passing: Passing) -> Finding:
    place, end = source_of(call), origin_of_call(joined)
    assert place is not None
    name = _first(place.target) or assignment(place.text)[0] or "the gradient"
    at = f" at line {end.line}" if end is not None else ""
    return SecondDerivativeLost.found(
        plain(name),
        place.origin,
        what=f"{plain(name)} is a gradient, and what is made of it is added to the loss{at} as a constant: it gives no weight a gradient.",
        why=f"`{operation(call)}` (line {place.line}) ✂ → {plain(name)} → `{operation(joined)}`{at} → loss. Without create_graph=True a "
        f"gradient has no history, and its own derivative is lost.",
        fix=_fix(place),
        cause="create-graph",
        passes=(passing.number,),
    )


def _first(target: Target) -> str:
    return target if isinstance(target, str) else next((each for each in map(_first, target or ()) if each), "")


def _fix(place: Written) -> str:
    given = [f"{each.keyword}={each.text}" if each.keyword else each.text for each in place.operands if each.keyword != "create_graph"]
    new = typed(f"{place.expression.partition('(')[0]}({', '.join([*given, 'create_graph=True'])})")
    return f"Write `{new}` at line {place.line}." if new else f"Give create_graph=True to torch.autograd.grad at line {place.line}."

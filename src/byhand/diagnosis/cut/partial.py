"""Cuts beside a path that is alive: the weight gets a gradient, but not the whole of it."""

from collections.abc import Iterator
from typing import Any

import torch

from byhand.diagnosis.cut.causes import COMPARISONS, STEPS, differentiable, is_off
from byhand.diagnosis.cut.search import Search
from byhand.diagnosis.cut.typed import operation
from byhand.diagnosis.kinds.cut import GraphCut
from byhand.diagnosis.lineage import Lineage, given, is_data_read, is_leaf, name_of, writes
from byhand.diagnosis.world import World, origin_of_call
from byhand.findings import Finding, Severity
from byhand.recording.calls import Call, Needing, Returned, Seen, grad_fn
from byhand.recording.naming import written
from byhand.recording.targets import output_names
from byhand.words import plain

_SCALING = frozenset(
    {"mul_", "div_", "__imul__", "__itruediv__", "multiply_", "divide_", "pow_", "__ipow__", "exp_", "log_", "sqrt_", "square_"}
)
_GIVING = frozenset({"__setitem__", "copy_", "add_", "sub_", "__iadd__", "__isub__", "index_copy_", "masked_scatter_", "scatter_"})
_STANDING_IN = COMPARISONS | STEPS | {"clamp", "clamp_", "clip", "hardtanh", "argmax", "one_hot", "long", "int", "bernoulli", "multinomial"}


def partly(search: Search, world: World) -> Iterator[Finding]:
    """What is cut on the way to these roots although another path of the same weight is alive."""
    for number in sorted(search.on_way):
        call = search.lineage.calls[number]
        if isinstance(call.results, Returned):
            yield from _marked(search, number, call)
        elif writes(call) and not differentiable(call) and call.direct:
            yield from _unnoticed(search.lineage, number, call, world)


def _marked(search: Search, number: int, call: Call) -> Iterator[Finding]:
    """The real outputs of a Function that have no gradient although its inputs need one, and that go into the loss."""
    results: Any = call.results
    if is_off(search.lineage.calls, number) or not any(use.needs for use in search.lineage.inputs[number]) or not differentiable(call):
        return
    used = {id(use.reference) for use in search.lineage.users(number) if use.call in search.on_way and not use.needs}
    for position, ((sequence, _), reference) in enumerate(zip(results.places, given(call), strict=True)):
        if sequence < 0 and reference is not None and id(reference) in used and _real(call, position, reference):
            name = _name(search.lineage, reference) or f"output {position} of {name_of(call)}"
            yield GraphCut.found(
                plain(name),
                origin_of_call(call),
                what=f"{plain(name)} goes into the loss without a gradient: output {position} of {name_of(call)} is marked as not"
                " differentiable.",
                why=f"{name_of(call)}.apply → {plain(name)} ✂ → loss. What depends on it alone gets nothing, and the gradient of the rest"
                " misses this part.",
                fix=f"Leave ctx.mark_non_differentiable out of {name_of(call)}.forward and add the gradient of `{plain(name)}` in its"
                " backward, or compute it outside by differentiable operations.",
                cause="non-differentiable",
                severity=Severity.WARNING,
            )


def _name(lineage: Lineage, reference: Any) -> str:
    """The first name that the program gave a tensor."""
    for call in lineage.calls:
        results = given(call)
        if call.direct and call.code is not None and any(each is reference for each in results):
            place = written(call.code, call.instruction)
            names = output_names(place.target, len(results)) if not place.each else ()
            name = next((name for each, name in zip(results, names, strict=False) if each is reference and name), "")
            if name:
                return name
    return ""


def _real(call: Call, position: int, reference: Any) -> bool:
    """Whether an output has real numbers, as far as it is known."""
    results: Any = call.results
    result = results.results[position] if isinstance(results.results, list) else results.results
    tensor = reference()
    dtype = tensor.dtype if tensor is not None else result[1][2] if isinstance(result[1], tuple) else torch.float32
    return bool(dtype.is_floating_point or dtype.is_complex)


def _unnoticed(lineage: Lineage, number: int, call: Call, world: World) -> Iterator[Finding]:
    """A write through `.data` into a tensor in the middle, of a value that depends on what needs a gradient."""
    taken = [each for each in call.arguments if isinstance(each, Seen | Needing)]
    if not taken or isinstance(taken[0], Needing):
        return
    owner = _owner(lineage, taken[0].reference)
    if owner is None:
        return
    name = name_of(call)
    source = call.arguments[-1]
    depends = isinstance(source, Seen | Needing) and len(taken) > 1 and _of_needing(lineage, lineage.makers(source.reference))
    if (name in _SCALING) or (name in _GIVING and depends):
        leaf = _leaf(lineage, number, world)
        text = plain(operation(call), 60)
        yield GraphCut.found(
            plain(leaf or owner),
            origin_of_call(call),
            what=f"`{text}` changes a tensor in the middle through .data: the values change, and no node knows of it, so the gradient"
            f" of {plain(leaf or owner)} is that of other values than those in the loss.",
            why=f"{plain(leaf) + ' → ' if leaf and leaf != owner else ''}{plain(owner)} → .data ✂ → loss. .data has no history: the"
            " gradient is worked as though nothing had been written.",
            fix="Write the same without .data on a new tensor: multiply by a factor, or put the parts together with torch.cat, torch.stack"
            " or torch.where.",
            cause="data",
            severity=Severity.WARNING,
        )


def _owner(lineage: Lineage, reference: Any) -> str | None:
    """What the program calls the tensor in the middle whose `.data` this is; None if it is none."""
    for maker in lineage.makers(reference):
        call = lineage.calls[maker]
        if is_data_read(call):
            seen = next((use for use in lineage.inputs[maker]), None)
            alive = seen.reference() if seen is not None else None
            if seen is None or not seen.needs or seen.maker < 0 or (alive is not None and grad_fn(alive) is None):
                return None
            place = written(call.code, call.instruction) if call.code is not None else None
            return place.expression.removesuffix(".data") if place is not None else ""
    return None


def _of_needing(lineage: Lineage, makers: list[int]) -> bool:
    """Whether a value depends on what needs a gradient, by other operations than those that are meant to stand in for it."""
    before = lineage.before(makers)
    if any(name_of(lineage.calls[each]) in _STANDING_IN for each in before if not differentiable(lineage.calls[each])):
        return False
    return any(use.needs for each in before for use in lineage.inputs[each])


def _leaf(lineage: Lineage, number: int, world: World) -> str:
    """The first leaf with a name that a call depends on."""
    for each in sorted(lineage.before([number])):
        for use in lineage.inputs[each]:
            if use.needs and is_leaf(use.reference()) and world.called(use.reference):
                return world.called(use.reference)
    return ""

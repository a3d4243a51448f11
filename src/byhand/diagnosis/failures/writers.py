"""Who wrote into a tensor: the calls in place and the steps of optimizers that came after its value was saved."""

import inspect
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import torch

from byhand.diagnosis.lineage import Lineage, given, is_module, name_of, tensors, writes
from byhand.diagnosis.world import World, origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call, Needing, Seen
from byhand.recording.happenings import Happening
from byhand.recording.naming import Written, written

_MEANT_ELSEWHERE = frozenset({"requires_grad_", "detach_", "share_memory_", "rename_", "retain_grad"})


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an optimizer: when (nodes with a smaller number were made before), where, and whose."""

    sequence: int
    code: Any
    instruction: int
    optimizer: "weakref.ref[torch.optim.Optimizer]"

    @classmethod
    def of(cls, happening: Happening) -> Self:
        """The step that is about to be made."""
        frame = happening.frame
        return cls(torch.autograd._get_sequence_nr(), frame.f_code, frame.f_lasti, weakref.ref(happening.thing))

    @property
    def place(self) -> Written:
        """How the program wrote it."""
        return written(self.code, self.instruction)

    def holds(self, tensor: torch.Tensor) -> bool:
        """Whether it changes this parameter."""
        optimizer = self.optimizer()
        return optimizer is not None and any(each is tensor for group in optimizer.param_groups for each in group["params"])


@dataclass(frozen=True, slots=True)
class Writer:
    """A call that wrote: its function's name, how the program wrote it, the number of the call, how often its line wrote in all.

    `form` says what makes it write: see `_form`. `module` says that a module made the call, `looped` that its place in the program
    wrote before too; `target` is what the program calls the tensor there.
    """

    name: str
    place: Written
    origin: Origin | None
    number: int
    times: int = 1
    form: str = "method"
    module: bool = False
    looped: bool = False
    target: str = ""


def step_after(steps: Iterable[Step], tensor: torch.Tensor | None, sequence: int) -> Step | None:
    """The first step that changed a parameter after a node with this number had saved it."""
    return next((each for each in steps if tensor is not None and each.sequence > sequence and each.holds(tensor)), None)


def writer_after(world: World, number: int, data: Sequence[torch.Tensor], saved_results: bool) -> Writer | None:
    """The first call after the numbered one that wrote into the memory of the saved data, or of what went in or came out there."""
    calls = world.calls()
    lineage = Lineage(calls)
    candidates = list(_candidates(calls[number], saved_results)) if number >= 0 else []
    found = [each for each in range(number + 1, len(calls)) if _wrote(calls[each]) and _same(calls[each], data, candidates, lineage)]
    if not found:
        return None
    call = calls[found[0]]
    place = written(call.code, call.instruction) if call.code is not None else Written("", 0)
    site = call.code, call.instruction
    times = sum((calls[each].code, calls[each].instruction) == site for each in found)
    looped = sum((each.code, each.instruction) == site for each in calls) > 1
    return Writer(
        name_of(call), place, origin_of_call(call), found[0], times, _form(call), bool(call.modules), looped, _target_text(call, place)
    )


def _candidates(call: Call, results: bool) -> Iterator[Any]:
    if results:
        yield from (each for each in given(call) if each is not None)
    else:
        yield from (each.reference for each in tensors(call))


def _target(call: Call) -> list[Any]:
    """The tensors that a call writes into."""
    out = (call.keywords or {}).get("out")
    first = out if out is not None else call.arguments[0] if call.arguments else None
    return [each.reference for each in (first if isinstance(first, list) else [first]) if isinstance(each, Seen | Needing)]


def _target_text(call: Call, place: Written) -> str:
    """What the line calls the tensor that it writes into."""
    if _form(call) == "out":
        return next((each.text for each in place.operands if each.keyword == "out"), "")
    given = () if place.operator or not call.direct else place.arguments(len(call.arguments))
    first = next(iter(given), None) or next(iter(place.operands), None) or place.receiver
    return first.text if first is not None else ""


def _wrote(call: Call) -> bool:
    if is_module(call) or name_of(call) in _MEANT_ELSEWHERE:
        return False
    return (writes(call) and name_of(call) != "__set__") or _form(call) in ("inplace", "out")


def _form(call: Call) -> str:
    """How a call says that it writes: by its name, by `inplace=True`, or by `out=`."""
    keywords = call.keywords or {}
    if keywords.get("out") is not None:
        return "out"
    position = _inplace_position(call.function)
    if keywords.get("inplace") is True or (position is not None and position < len(call.arguments) and call.arguments[position] is True):
        return "inplace"
    return "operator" if name_of(call).startswith("__") else "method"


@cache
def _inplace_position(function: Any) -> int | None:
    """Where a function takes its argument `inplace`."""
    if getattr(function, "__module__", "") != "torch.nn.functional":
        return None
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return None
    return names.index("inplace") if "inplace" in names else None


def _same(call: Call, data: Sequence[torch.Tensor], candidates: Sequence[Any], lineage: Lineage) -> bool:
    memories = {_memory(each) for each in data}
    for reference in _target(call):
        tensor = reference()
        if tensor is not None and tensor.layout is torch.strided:
            if _memory(tensor) in memories:
                return True
        elif any(lineage.same_memory(reference, each) for each in candidates):
            return True
    return False


def _memory(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)

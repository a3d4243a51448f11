"""The operations of one forward that PyTorch keeps no nodes of, written down as they run, so that they can be run again."""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch

from byhand.recording.kept import Kept, version

OUTSIDE = 1 << 12  # elements; the same for what a forward takes from elsewhere, such as weights
LEAKS = frozenset(
    {"item", "tolist", "numpy", "__array__", "__float__", "__complex__", "data_ptr", "__cuda_array_interface__", "__dlpack__"}
)
"""Calls that take numbers out of PyTorch's sight."""

_ORDINARY = (torch.Tensor, torch.nn.Parameter)
_DEVICES = ("cpu", "cuda")


class Slot(NamedTuple):
    """Stands for a tensor in a written call."""

    number: int


class Written(NamedTuple):
    """One call as it is written down: tensors are slots; `results` are the slots of what came out, in the result's own structure."""

    function: Callable[..., Any]
    arguments: Any
    keywords: Any
    results: Any
    autocast: tuple[tuple[str, torch.dtype], ...]


@dataclass(slots=True)
class Tape:
    """The written calls of one forward. `inputs` are its tensor arguments in order, `outputs` the slots of what it gave.

    `leaks` names calls that took numbers out of PyTorch's sight, so that what depends on them cannot be followed. `again` calls the
    forward itself once more, without a graph, on other tensors in place of the inputs; None where that cannot be done. `wanted` are
    the inputs that needed a gradient: they stand for the edges of the node, in this order. `owners` are the class
    and the module variables that the forward could write into, `dtypes` those of all floating numbers on the way.
    `repeated` says that one tensor was given more than once: its gradient is then known as a whole only,
    `confirmed` that the tape is of the program's own call, or gave what that gave.
    """

    name: str
    inputs: list[Kept] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    outputs: list[int | None] = field(default_factory=list)
    fingerprints: list[tuple[Any, ...]] = field(default_factory=list)
    outside: dict[int, Kept] = field(default_factory=dict)
    mutated: set[int] = field(default_factory=set)
    leaks: list[str] = field(default_factory=list)
    random: torch.Tensor | None = None
    again: Callable[..., Any] | None = None
    wanted: tuple[int, ...] = ()
    owners: tuple[Any, ...] = ()
    dtypes: set[torch.dtype] = field(default_factory=set)
    repeated: bool = False
    confirmed: bool = True

    @property
    def overwritten(self) -> tuple[int, ...]:
        """The inputs that are no longer what they were during the forward."""
        return tuple(number for number, kept in enumerate(self.inputs) if kept.changed)


class Writer:
    """Writes a tape while a forward runs."""

    def __init__(self, name: str, inputs: Sequence[torch.Tensor], kept: Sequence[Kept] = ()) -> None:
        self.tape = Tape(name, list(kept) or [Kept.of(tensor) for tensor in inputs])
        self.tape.wanted = tuple(number for number, tensor in enumerate(inputs) if tensor.requires_grad)
        self._slots: dict[int, tuple[Any, int]] = {}
        self._count = 0
        self._depends = {self._enter(tensor) for tensor in inputs}
        self.tape.repeated = len({id(tensor) for tensor in inputs}) < len(inputs)

    def _enter(self, tensor: torch.Tensor) -> int:
        number = self._count
        self._count += 1
        self._slots[id(tensor)] = (weakref.ref(tensor), number)  # an address used again belongs to another tensor: the reference tells
        return number

    def _known(self, tensor: torch.Tensor) -> int | None:
        reference, number = self._slots.get(id(tensor), (None, -1))
        return number if reference is not None and reference() is tensor else None

    def _slot(self, tensor: torch.Tensor) -> int:
        number = self._output(tensor)
        if number is None:
            number = self._enter(tensor)
            self.tape.outside[number] = Kept.of(tensor, most=OUTSIDE)
        return number

    def write(self, function: Callable[..., Any], arguments: Any, keywords: Any) -> None:
        """Write a call that was made already, and gave nothing new."""
        given, named = swap((arguments, keywords or {}), lambda tensor: Slot(self._slot(tensor)))
        self.tape.written.append(Written(function, given, named, None, _autocast()))

    def call(self, function: Callable[..., Any], arguments: Any, keywords: Any, *, failed: Callable[[Exception], None]) -> Any:
        """Make the call and write it down. What goes wrong in writing is told to `failed`, and makes the tape useless."""
        begun = self._quietly(failed, self._before, arguments, keywords)
        result = function(*arguments, **keywords) if keywords else function(*arguments)
        if begun is not None:
            self._quietly(failed, self._note, function, result, *begun)
        return result

    def _quietly(self, failed: Callable[[Exception], None], work: Callable[..., Any], *arguments: Any) -> Any:
        try:
            with torch._C.DisableTorchFunction(), torch.no_grad():
                return work(*arguments)
        except Exception as problem:
            self.tape.leaks.append(f"a call that could not be written: {type(problem).__name__}")
            failed(problem)
            return None

    def _before(self, arguments: Any, keywords: Any) -> tuple[Any, ...]:
        tensors = list(_tensors((arguments, keywords)))
        slots = swap((arguments, keywords or {}), lambda tensor: Slot(self._slot(tensor)))
        return slots, tensors, [version(tensor) for tensor in tensors]

    def _note(self, function: Any, result: Any, slots: Any, tensors: list[torch.Tensor], versions: list[int]) -> None:
        name = getattr(function, "__name__", "")
        changed = [tensor for tensor, number in zip(tensors, versions, strict=True) if version(tensor) != number]
        depends = any(self._known(tensor) in self._depends for tensor in tensors)
        if name in LEAKS and depends and any(tensor.is_floating_point() or tensor.is_complex() for tensor in tensors):
            self.tape.leaks.append(name)
        self.tape.mutated.update(number for tensor in changed if (number := self._known(tensor)) is not None)
        found = list(_tensors(result))
        if not found and not changed:
            return
        fresh = [tensor for tensor in found if self._known(tensor) is None]
        numbers = [self._enter(tensor) for tensor in fresh]
        if depends:
            self.tape.dtypes.update(tensor.dtype for tensor in fresh if tensor.is_floating_point() or tensor.is_complex())
            self._depends.update(numbers)
            self._depends.update(number for tensor in changed if (number := self._known(tensor)) is not None)
        results = swap(result, lambda tensor: Slot(self._slot(tensor))) if found else None
        given, named = slots
        self.tape.written.append(Written(function, given, named, results, _autocast()))

    def view(self, base: torch.Tensor, view: torch.Tensor) -> None:
        """Write that one tensor is a view of another."""
        offset = view.storage_offset() - base.storage_offset()
        given = (Slot(self._slot(base)), tuple(view.shape), view.stride(), offset)
        self.tape.written.append(Written(torch.as_strided, given, {}, Slot(self._enter(view)), ()))

    def finish(self, outputs: Sequence[Any]) -> Tape:
        """The whole tape; `outputs` are the tensors that the forward gave."""
        self.tape.outputs = [self._output(output) for output in outputs]
        return self.tape

    def _output(self, tensor: torch.Tensor) -> int | None:
        number = self._known(tensor)
        if number is not None:
            return number
        alike = (reference for reference, _ in self._slots.values())
        return next((self._known(other) for reference in alike if (other := reference()) is not None and _alias(other, tensor)), None)


def _alias(left: torch.Tensor, right: torch.Tensor) -> bool:
    """Whether two tensors are the same memory, read the same way: PyTorch gives an input that is returned a new face."""
    if left.shape != right.shape or left.dtype != right.dtype or left.stride() != right.stride():
        return False
    return left.data_ptr() == right.data_ptr() and left.numel() > 0


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)
    elif isinstance(value, dict):
        yield from _tensors(tuple(value.values()))
    elif isinstance(value, slice):
        yield from _tensors((value.start, value.stop, value.step))


def swap(value: Any, change: Callable[[Any], Any], kind: Any = torch.Tensor) -> Any:
    """The value with everything of one kind in it changed."""
    if isinstance(value, kind):
        return change(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(swap(each, change, kind) for each in value))
    if isinstance(value, list | tuple):
        made = [swap(each, change, kind) for each in value]
        return made if isinstance(value, list) else tuple(made)
    if isinstance(value, dict):
        return {key: swap(each, change, kind) for key, each in value.items()}
    if isinstance(value, slice):
        return slice(swap(value.start, change, kind), swap(value.stop, change, kind), swap(value.step, change, kind))
    return value


def _autocast() -> tuple[tuple[str, torch.dtype], ...]:
    return tuple((device, torch.get_autocast_dtype(device)) for device in _DEVICES if torch.is_autocast_enabled(device))


def casting(states: tuple[tuple[str, torch.dtype], ...]) -> AbstractContextManager[Any]:
    """Autocast as it was when a call was written."""
    return torch.autocast(states[0][0], dtype=states[0][1]) if states else nullcontext()


def ordinary(values: Any) -> bool:
    """Whether all tensors in the values are PyTorch's own and hold numbers: no subclass, sparse, fake or batched tensor."""
    return all(
        type(tensor) in _ORDINARY
        and tensor.layout is torch.strided
        and not tensor.is_meta
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
        and not torch._C._functorch.is_legacy_batchedtensor(tensor)
        for tensor in _tensors(values)
    )


def flat_tensors(values: Any) -> list[torch.Tensor]:
    """The tensors directly among the values: those PyTorch makes edges for."""
    return [value for value in values if isinstance(value, torch.Tensor)]

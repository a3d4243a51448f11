"""Writes that PyTorch does not notice: through `.data`, which has no version, into what a node has saved."""

import sys
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from byhand.graph import Origin
from byhand.recording.frames import user_frame
from byhand.recording.modules import here
from byhand.recording.naming import written

LATEST = 256  # writes that are remembered
MOST = 1 << 24  # elements of all copies together; beyond that it is only known that something was overwritten
_DATA: Any = torch.Tensor.data
_WRITING = frozenset({"__setitem__", "__iadd__", "__isub__", "__imul__", "__itruediv__", "__ipow__", "__imod__"})


class Write(NamedTuple):
    """One unnoticed write: what stood there before (None if it was too much to copy), and where the program made it.

    Nodes with a smaller `sequence` were made before it. `owner` is set where a tensor was given other data altogether.
    """

    sequence: int
    place: "Place"
    old: torch.Tensor | None
    owner: Any
    origin: Origin | None


class Place(NamedTuple):
    """Where in memory a tensor lies; the memory is held weakly."""

    storage: StorageWeakRef
    dtype: torch.dtype
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, tensor: torch.Tensor) -> "Place":
        """The place of a tensor."""
        storage = StorageWeakRef(tensor.untyped_storage())
        return cls(storage, tensor.dtype, tuple(tensor.shape), tensor.stride(), int(tensor.storage_offset()))


def in_place(name: str) -> bool:
    """Whether a call of this name writes into its first argument."""
    return (name.endswith("_") and not name.endswith("__")) or name in _WRITING


def is_data(function: Any) -> bool:
    """Whether a call reads or sets `.data`."""
    return getattr(function, "__self__", None) is _DATA


def note_data(result: Any) -> None:
    """A program took `.data` of a tensor: what it writes into that, PyTorch does not notice."""
    key = id(result)
    here.aliases[key] = weakref.ref(result, lambda _: here.aliases.pop(key, None))


def _is_alias(tensor: torch.Tensor) -> bool:
    for each in (tensor, tensor._base):
        reference = here.aliases.get(id(each))
        if reference is not None and reference() is each:
            return True
    return False


def note_write(target: Any) -> None:
    """A program is about to write into a tensor."""
    if isinstance(target, torch.Tensor) and here.aliases and _is_alias(target) and target.layout is torch.strided:
        copied = sum(write.old.numel() for write in here.writes if write.old is not None)
        _note(target, target.detach().clone() if target.numel() + copied <= MOST else None, None)


def note_setting(arguments: Sequence[Any]) -> None:
    """A program is about to give a tensor other data: `tensor.data = value`."""
    owner, value = arguments[0], arguments[-1]
    if isinstance(value, torch.Tensor) and isinstance(owner, torch.Tensor):
        _note(value, owner.detach(), weakref.ref(owner))


def _note(target: torch.Tensor, old: torch.Tensor | None, owner: Any) -> None:
    frame, _ = user_frame(sys._getframe(3))
    origin = written(frame.f_code, frame.f_lasti).origin if frame is not None else None
    here.writes.append(Write(torch.autograd._get_sequence_nr(), Place.of(target), old, owner, origin))
    del here.writes[:-LATEST]


def rewound(value: torch.Tensor, sequence: int) -> tuple[torch.Tensor | None, Write | None]:
    """A saved value as it was when the node with this sequence number saved it, and the first write into it since.

    The value is None where it is not known any more; the write is None where there was none.
    """
    since = [write for write in here.writes if write.sequence > sequence and _reaches(write, value)]
    if not since:
        return value, None
    if any(write.old is None or write.old.dtype != value.dtype for write in since):
        return None, since[0]
    if since[0].owner is not None:
        return since[0].old, since[0]
    whole = value.new_empty(0).set_(value.untyped_storage()).clone()
    for write in reversed(since):
        if write.old is not None and write.owner is None:
            whole.as_strided(write.place.shape, write.place.stride, write.place.offset).copy_(write.old)
    return whole.as_strided(value.shape, value.stride(), value.storage_offset()), since[0]


def line_of_write(tensor: torch.Tensor) -> Origin | None:
    """Where the program last wrote into the memory of a tensor, as far as it was recorded."""
    address = tensor.untyped_storage().data_ptr()
    for listener in here.listeners:
        for function, _, _, results, _, _, code, instruction, *_ in reversed(listener.notes):
            if code is not None and in_place(getattr(function, "__name__", "")) and _address(results) == address:
                return written(code, instruction).origin
    return None


def _address(results: Any) -> int:
    """The memory of what a call gave, 0 if that is gone or no single tensor."""
    reference = results[0] if isinstance(results, tuple) and results else None
    tensor = reference() if isinstance(reference, weakref.ref) else None
    return tensor.untyped_storage().data_ptr() if isinstance(tensor, torch.Tensor) and tensor.layout is torch.strided else 0


def _reaches(write: Write, value: torch.Tensor) -> bool:
    if write.owner is not None:
        return write.owner() is value
    place = Place.of(value)
    if write.place.storage.expired() or write.place.storage.cdata != place.storage.cdata or write.place.dtype != value.dtype:
        return False
    (first, last), (start, stop) = _extent(write.place), _extent(place)
    return first <= stop and start <= last


def _extent(place: Place) -> tuple[int, int]:
    if 0 in place.shape:
        return place.offset, place.offset - 1
    return place.offset, place.offset + sum((length - 1) * stride for length, stride in zip(place.shape, place.stride, strict=True))

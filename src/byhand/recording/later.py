"""Summaries of many tensors, worked out together: each tensor is copied when it is seen, and its numbers are told when they are wanted."""

import math
from dataclasses import replace

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from byhand.recording import sketch
from byhand.recording.summary import cells, in_a_row, lengths, summarize
from byhand.value import PACKED, STATISTICS, WHOLE, Value, complete, draw

LARGEST = 1 << 14  # elements; a larger tensor is summed up at once, and nothing of it is kept
FULL = 1 << 20  # elements; so many wait at most
_WORKED = {torch.float32: "float32", torch.float64: "float64"}
_ORDINARY = (torch.Tensor, torch.nn.Parameter)
_wrapped = torch._C._functorch.is_functorch_wrapped_tensor
_batched = torch._C._functorch.is_legacy_batchedtensor


class Later:
    """Tensors that wait to be summed up, and what was found for the large ones.

    `remember` says that a large tensor which lies where another one lay is not summed up again, as long as nobody wrote into it: so it
    is with the gradients that a backward pass hands from view to view.
    """

    __slots__ = ("_count", "_drawn", "_known", "_remember", "_undrawn", "_waiting")

    def __init__(self, *, remember: bool = False) -> None:
        self._waiting: list[tuple[Value, torch.Tensor]] = []
        self._known: dict[tuple[int, int, int, torch.dtype], tuple[int, Value, StorageWeakRef, tuple[int, ...]]] = {}
        self._drawn: list[tuple[Value, torch.Tensor]] = []
        self._count = self._undrawn = 0
        self._remember = remember

    def summarize(self, tensor: torch.Tensor) -> Value:
        """The value of a tensor as it is now; the statistics of a larger one are filled in by `settle`."""
        count = tensor.numel()
        if count > LARGEST and self._remember and type(tensor) in _ORDINARY and tensor.layout is torch.strided:
            return self._large(tensor)
        if not WHOLE < count <= LARGEST or type(tensor) not in _ORDINARY or not tensor.is_cpu or tensor.layout is not torch.strided:
            return summarize(tensor)
        dtype = _WORKED.get(tensor.dtype)
        if dtype is None or _wrapped(tensor) or _batched(tensor):
            return summarize(tensor)
        kept = tensor.detach().clone(memory_format=torch.contiguous_format)
        value = Value(
            tuple(tensor.shape), dtype, packed=sketch.packed(kept.view(1, -1))[0] if count <= PACKED and sketch.drawing() else b""
        )
        self._waiting.append((value, kept))
        self._count += count
        if self._count + self._undrawn > FULL:
            self.settle()
        return value

    def _large(self, tensor: torch.Tensor) -> Value:
        if tensor.is_meta or tensor.is_inference() or _wrapped(tensor) or _batched(tensor) or in_a_row(tensor) is None:
            return summarize(tensor)
        storage = tensor.untyped_storage()
        place = (storage._cdata, int(tensor.storage_offset()), tensor.numel(), tensor.dtype)
        known = self._known.get(place)
        if known is None or known[0] != tensor._version:
            # the storage is held weakly, so that its place is given to no other
            known = self._known[place] = (tensor._version, summarize(tensor), StorageWeakRef(storage), _layout(tensor))
            return known[1]
        drawn = known[1].drawn
        if drawn and known[3] != _layout(tensor):
            drawn = cells(tensor.detach())
        return replace(known[1], shape=lengths(tensor.shape), drawn=drawn)

    def settle(self) -> None:
        """Fill in what every value that waits has yet to tell."""
        self.tell()
        drawn, self._drawn, self._undrawn = self._drawn, [], 0
        alike: dict[tuple[torch.Size, torch.dtype], list[tuple[Value, torch.Tensor]]] = {}
        for each in drawn:
            alike.setdefault((each[1].shape, each[1].dtype), []).append(each)
        for group in alike.values():
            _draw(group)

    def tell(self) -> None:
        """Fill in the statistics alone of every value that waits."""
        waiting, self._waiting, self._count = self._waiting, [], 0
        if not waiting:
            return
        lengths = torch.tensor([tensor.numel() for _, tensor in waiting])
        flat = torch.cat([tensor.reshape(-1) for _, tensor in waiting]).double()
        ways = (("min", flat), ("max", flat), ("mean", flat), ("sum", flat * flat), ("sum", (flat == 0).double()))
        found = torch.stack([torch.segment_reduce(worked, way, lengths=lengths, unsafe=True) for way, worked in ways])
        for each, (low, high, mean, square, zeros) in zip(waiting, found.t().tolist(), strict=True):
            if math.isfinite(low) and math.isfinite(high):
                complete(each[0], low, high, mean, math.sqrt(square), int(zeros), packed=each[0].packed)
                self._keep(each)
            else:
                summed = summarize(each[1])
                complete(each[0], *(getattr(summed, name) for name in STATISTICS))

    def _keep(self, told: tuple[Value, torch.Tensor]) -> None:
        if not told[0].packed and sketch.drawing():
            self._drawn.append(told)
            self._undrawn += told[1].numel()


def _layout(tensor: torch.Tensor) -> tuple[int, ...]:
    """What makes two tensors with the same elements the same matrix."""
    return tensor.shape[-1:] if tensor.is_contiguous() else (*tensor.shape, *tensor.stride())


def _draw(alike: list[tuple[Value, torch.Tensor]]) -> None:
    """Fill in cells and counts of finite tensors of one shape, all at once."""
    shape = alike[0][0].shape
    tensors = torch.stack([tensor for _, tensor in alike])
    maps = sketch.packed(sketch.pooled(tensors.view(len(alike), -1, shape[-1]), shape))
    ends = torch.tensor([(value.minimum, value.maximum) for value, _ in alike], dtype=torch.float64)
    counts = sketch.histograms(sketch.sample(tensors.view(len(alike), -1), shape), ends[:, 0], ends[:, 1])
    for (value, _), drawn, binned in zip(alike, maps, counts, strict=True):
        draw(value, drawn, binned)

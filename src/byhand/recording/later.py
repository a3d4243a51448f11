"""Summaries of many tensors, worked out together: each tensor is copied when it is seen, and its numbers are told when they are wanted."""

import math
from dataclasses import replace

import torch
from torch.multiprocessing.reductions import StorageWeakRef

from byhand.recording.summary import in_a_row, lengths, summarize
from byhand.value import WHOLE, Value, complete

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

    __slots__ = ("_count", "_known", "_remember", "_waiting")

    def __init__(self, *, remember: bool = False) -> None:
        self._waiting: list[tuple[Value, torch.Tensor]] = []
        self._known: dict[tuple[int, int, int, torch.dtype], tuple[int, Value, StorageWeakRef]] = {}
        self._count = 0
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
        value = Value(tuple(tensor.shape), dtype)
        self._waiting.append((value, tensor.detach().clone(memory_format=torch.contiguous_format)))
        self._count += count
        if self._count > FULL:
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
            known = self._known[place] = (tensor._version, summarize(tensor), StorageWeakRef(storage))
        return replace(known[1], shape=lengths(tensor.shape))

    def settle(self) -> None:
        """Fill in the statistics of every value that waits."""
        waiting, self._waiting, self._count = self._waiting, [], 0
        if not waiting:
            return
        lengths = torch.tensor([tensor.numel() for _, tensor in waiting])
        flat = torch.cat([tensor.reshape(-1) for _, tensor in waiting]).double()
        ways = (("min", flat), ("max", flat), ("mean", flat), ("sum", flat * flat), ("sum", (flat == 0).double()))
        found = torch.stack([torch.segment_reduce(worked, way, lengths=lengths, unsafe=True) for way, worked in ways])
        for (value, tensor), (low, high, mean, square, zeros) in zip(waiting, found.t().tolist(), strict=True):
            if math.isfinite(low) and math.isfinite(high):
                complete(value, low, high, mean, math.sqrt(square), int(zeros))
            else:
                summed = summarize(tensor)
                complete(value, summed.minimum, summed.maximum, summed.mean, summed.norm, summed.zeros, summed.nonfinite)

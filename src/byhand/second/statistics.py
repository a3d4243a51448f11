"""Results that PyTorch saves as plain numbers, such as the mean of a layer norm, tied again to the input that they were worked from."""

from collections.abc import Callable
from typing import Any

import torch

from byhand.chain_rule import SavedValues

Reduction = tuple[int, ...]


class Statistics:
    """What a node saved; a statistic has the value that PyTorch saved, and depends on the input as it does."""

    def __init__(self, node: str, saved: SavedValues) -> None:
        self._node, self._saved = node, saved

    def __getitem__(self, name: str) -> Any:
        value = self._saved[name]
        tie = TIES.get((self._node, name))
        return value if tie is None or not value.numel() else tie(value, self._saved)


def _change(statistic: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Zeros that change as the statistic does."""
    return (statistic - statistic.detach()).reshape(like.shape).to(like.dtype)


def _mean(value: torch.Tensor, data: torch.Tensor, dims: Reduction) -> torch.Tensor:
    return value + _change(data.mean(dims), value)


def _inverse_deviation(value: torch.Tensor, data: torch.Tensor, dims: Reduction) -> torch.Tensor:
    """1/√(variance + ε): its derivative is −½ of its cube."""
    return value - value**3 / 2 * _change(data.var(dims, correction=0), value)


def _inverse_size(value: torch.Tensor, data: torch.Tensor, dims: Reduction) -> torch.Tensor:
    return value - value**3 / 2 * _change((data * data).mean(dims), value)


def _norm(value: torch.Tensor, data: torch.Tensor, dims: Reduction) -> torch.Tensor:
    return value + _change((data * data).sum(dims), value) / (2 * value)


def _by_row(follow: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor, SavedValues], torch.Tensor]:
    """Of the last dimensions, as in a layer norm."""
    return lambda value, saved: follow(value, saved["input"], tuple(range(-len(saved["normalized_shape"]), 0)))


def _by_channel(follow: Callable[..., torch.Tensor]) -> Callable[[torch.Tensor, SavedValues], torch.Tensor]:
    """Of every dimension but the second, as in a batch norm."""
    return lambda value, saved: follow(value, saved["input"], tuple(each for each in range(saved["input"].dim()) if each != 1))


def _of_weight(value: torch.Tensor, saved: SavedValues) -> torch.Tensor:
    weight = saved["v"]
    return _norm(value, weight, tuple(each for each in range(weight.dim()) if each != saved["dim"] % weight.dim()))


BATCH_NORMS = (
    "NativeBatchNormBackward0",
    "NativeBatchNormLegitBackward0",
    "NativeBatchNormLegitBackward1",
    "BatchNormWithUpdateBackward0",
    "CudnnBatchNormBackward0",
    "MiopenBatchNormBackward0",
)
TIES: dict[tuple[str, str], Callable[[torch.Tensor, SavedValues], torch.Tensor]] = {
    ("NativeLayerNormBackward0", "result1"): _by_row(_mean),
    ("NativeLayerNormBackward0", "result2"): _by_row(_inverse_deviation),
    ("FusedRmsNormBackward0", "result1"): _by_row(_inverse_size),
    ("WeightNormInterfaceBackward0", "result1"): _of_weight,
    **{(node, "result1"): _by_channel(_mean) for node in BATCH_NORMS},
    **{(node, "result2"): _by_channel(_inverse_deviation) for node in BATCH_NORMS},
}
"""Class and saved result -> how it is tied to what else the node saved."""

"""Derivatives of fake quantisation: rounding is passed straight through (its slope is taken to be 1), what was clamped gets nothing."""

import torch

from byhand.rules.helpers import other_dims
from byhand.rules.table import helper, rule, shared

TENSOR = "FakeQuantizeLearnablePerTensorAffineBackward0"
CHANNEL = "FakeQuantizeLearnablePerChannelAffineBackward0"
BY_TENSOR = "torch._fake_quantize_learnable_per_tensor_affine(leaf(3, 4), 0.1 * positive(1), 2 * leaf(1), -5, 5, 0.3)"
BY_CHANNEL = "torch._fake_quantize_learnable_per_channel_affine(leaf(3, 4), 0.3 * positive(3), 4 * leaf(3), 0, -5, 5, 0.3)"
RANGE = "torch.tensor([-1.0]), torch.tensor([1.0]), torch.tensor([0.01]), torch.tensor([3], dtype=torch.int32), 0.9, -100, 100, -1"
OBSERVED = f"torch.fused_moving_avg_obs_fake_quant(leaf(3, 4).float(), torch.tensor([1]), torch.tensor([1]), {RANGE})"


@rule("FakeQuantizePerTensorAffineCachemaskBackward0", edge=0, example="torch.fake_quantize_per_tensor_affine(leaf(3, 4), 0.1, 2, -5, 5)")
@rule(
    "FakeQuantizePerTensorAffineCachemaskTensorQparamsBackward0",
    edge=0,
    example="torch.fake_quantize_per_tensor_affine(leaf(3, 4), torch.tensor(0.1).float(), torch.tensor(2), -5, 5)",
)
@rule(
    "FakeQuantizePerChannelAffineCachemaskBackward0",
    edge=0,
    example="torch.fake_quantize_per_channel_affine(leaf(3, 4), torch.tensor([0.1, 0.2, 0.3]).float(), torch.zeros(3).float(), 0, -5, 5)",
)
@rule("FusedMovingAvgObsFqHelperBackward0", edge=0, example=OBSERVED)
def fake_quantize_self(grad, mask):
    return grad * mask


@helper
def along(value: torch.Tensor, self: torch.Tensor, axis: int) -> torch.Tensor:
    """One number for each channel, lined up with the axis that the channels lie along."""
    return value.reshape([-1 if dim == axis % self.dim() else 1 for dim in range(self.dim())])


@shared(TENSOR)
def step(scale):
    return scale


@shared(CHANNEL)
def step__of_channel(scale, self, axis):
    return along(scale, self, axis)


@shared(TENSOR)
def zero(zero_point, quant_min, quant_max):
    return torch.clamp(torch.floor(zero_point + 0.5), quant_min, quant_max)


@shared(CHANNEL)
def zero__of_channel(zero_point, self, axis, quant_min, quant_max):
    return along(torch.clamp(torch.floor(zero_point + 0.5), quant_min, quant_max), self, axis)


@shared(TENSOR, CHANNEL)
def level(self, step, zero):
    return torch.round(self / step + zero)


@shared(TENSOR, CHANNEL)
def within(level, quant_min, quant_max):
    return (level >= quant_min) & (level <= quant_max)


@shared(TENSOR, CHANNEL)
def grad_of_scale(grad, self, step, zero, level, within, quant_min, quant_max, grad_factor):
    rounded = torch.clamp(level, quant_min, quant_max) - zero
    return grad_factor * grad * torch.where(within, rounded - self / step, rounded)


@shared(TENSOR, CHANNEL)
def grad_of_zero_point(grad, step, within, grad_factor):
    return grad_factor * torch.where(within, 0, -grad * step)


@rule(TENSOR, edge=0, example=BY_TENSOR)
@rule(CHANNEL, edge=0, example=BY_CHANNEL)
def fake_quantize_learnable_self(grad, within):
    return torch.where(within, grad, 0)


@rule(TENSOR, edge=1, example=BY_TENSOR)
def fake_quantize_learnable_scale(grad_of_scale, shape):
    return grad_of_scale.sum().reshape(shape)


@rule(TENSOR, edge=2, example=BY_TENSOR)
def fake_quantize_learnable_zero_point(grad_of_zero_point, shape):
    return grad_of_zero_point.sum().reshape(shape)


@rule(CHANNEL, edge=1, example=BY_CHANNEL)
def fake_quantize_learnable_scale__channel(grad_of_scale, axis):
    return grad_of_scale.sum(other_dims(grad_of_scale, axis))


@rule(CHANNEL, edge=2, example=BY_CHANNEL)
def fake_quantize_learnable_zero_point__channel(grad_of_zero_point, axis):
    return grad_of_zero_point.sum(other_dims(grad_of_zero_point, axis))

"""Derivatives of layer, group, root-mean-square and weight normalisation: the part of the gradient that rescaling leaves."""

import math

import torch
import torch.nn.functional as F

from byhand.rules.channels import per_channel, scaled, sum_per_channel
from byhand.rules.table import forward, helper, rule, shared


@helper
def last_dims(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of the normalised dimensions, counted from the end."""
    return tuple(range(-len(shape), 0))


@helper
def in_groups(value: torch.Tensor, batch: int, groups: int) -> torch.Tensor:
    """Lines the value up as (batch, group, everything in the group)."""
    return value.reshape(batch, groups, value.numel() // max(batch * groups, 1))


@helper
def sum_except(value: torch.Tensor, dim: int) -> torch.Tensor:
    """Sums over every dimension but one, and keeps them with length 1."""
    others = [each for each in range(value.dim()) if each != dim % value.dim()]
    return value.sum(others, keepdim=True) if others else value


@forward("NativeLayerNormBackward0")
def native_layer_norm(input, result1, result2, weight, bias):
    return (input - result1) * result2 * weight + bias


@shared("NativeLayerNormBackward0")
def normalized(input, result1, result2):
    return (input - result1) * result2


@rule("NativeLayerNormBackward0", edge=2, example="F.layer_norm(leaf(2, 3, 4), (3, 4), leaf(3, 4), leaf(3, 4))")
def native_layer_norm_bias(grad):
    return grad


@rule("NativeLayerNormBackward0", edge=1, example="F.layer_norm(leaf(2, 3, 4), (3, 4), leaf(3, 4), leaf(3, 4))")
def native_layer_norm_weight(grad, normalized):
    return grad * normalized


@rule("NativeLayerNormBackward0", edge=0, example="F.layer_norm(leaf(2, 3, 4), (3, 4), leaf(3, 4), leaf(3, 4))")
def native_layer_norm_input(grad, normalized, normalized_shape, weight, result2):
    dims = last_dims(normalized_shape)
    grad_normalized = scaled(grad, weight)
    shift = grad_normalized.mean(dims, keepdim=True)
    stretch = (grad_normalized * normalized).mean(dims, keepdim=True)
    return result2 * (grad_normalized - shift - normalized * stretch)


@forward("NativeGroupNormBackward0")
def native_group_norm(input, group, weight, bias, eps):
    return F.group_norm(input, group, weight, bias, eps)


@shared("NativeGroupNormBackward0")
def normalized_groups(input, result1, result2, N, group):
    return (in_groups(input, N, group) - result1.unsqueeze(-1)) * result2.unsqueeze(-1)


@rule("NativeGroupNormBackward0", edge=2, example="F.group_norm(leaf(2, 6, 3, 2), 3, leaf(6), leaf(6))")
def native_group_norm_bias(grads):
    return sum_per_channel(grads[0])


@rule("NativeGroupNormBackward0", edge=1, example="F.group_norm(leaf(2, 6, 3, 2), 3, leaf(6), leaf(6))")
def native_group_norm_weight(grads, normalized_groups):
    return sum_per_channel(grads[0] * normalized_groups.reshape(grads[0].shape))


@rule("NativeGroupNormBackward0", edge=0, example="F.group_norm(leaf(2, 6, 3, 2), 3, leaf(6), leaf(6))")
def native_group_norm_input(grads, normalized_groups, weight, result2, N, group, shape):
    deviation = result2.unsqueeze(-1)
    grad_normalized = in_groups(scaled(grads[0], per_channel(weight, grads[0].dim())), N, group)
    size = normalized_groups.shape[-1]
    shift = grad_normalized.mean(-1, keepdim=True) - grads[1].unsqueeze(-1) / (deviation * size)
    stretch = (grad_normalized * normalized_groups).mean(-1, keepdim=True) + grads[2].unsqueeze(-1) * deviation / size
    return (deviation * (grad_normalized - shift - normalized_groups * stretch)).reshape(shape)


@forward("FusedRmsNormBackward0")
def fused_rms_norm(input, result1, weight):
    return input * result1 * weight


@shared("FusedRmsNormBackward0")
def rescaled(input, result1):
    return input * result1


@rule("FusedRmsNormBackward0", edge=1, example="F.rms_norm(leaf(2, 3, 4).cuda(), (3, 4), leaf(3, 4).cuda())")
def fused_rms_norm_weight(grads, rescaled):
    return grads[0] * rescaled


@rule("FusedRmsNormBackward0", edge=0, example="F.rms_norm(leaf(2, 3, 4).cuda(), (3, 4), leaf(3, 4).cuda())")
def fused_rms_norm_input(grads, rescaled, normalized_shape, weight, result1):
    grad_rescaled = scaled(grads[0], weight)
    size = math.prod(normalized_shape)
    stretch = (grad_rescaled * rescaled).mean(last_dims(normalized_shape), keepdim=True) + grads[1] * result1 / size
    return result1 * (grad_rescaled - rescaled * stretch)


@forward("WeightNormInterfaceBackward0")
def weight_norm_interface(v, g, result1):
    return v / result1 * g


@shared("WeightNormInterfaceBackward0")
def direction(v, result1):
    return v / result1


@rule("WeightNormInterfaceBackward0", edge=1, example="torch._weight_norm(leaf(3, 4, 2), leaf(3, 1, 1), 0)")
def weight_norm_interface_g(grad, direction, dim):
    return sum_except(grad * direction, dim)


@rule("WeightNormInterfaceBackward0", edge=0, example="torch._weight_norm(leaf(3, 4, 2), leaf(3, 1, 1), 0)")
def weight_norm_interface_v(grad, direction, g, result1, dim):
    return g / result1 * (grad - direction * sum_except(grad * direction, dim))

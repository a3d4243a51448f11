"""Derivatives of the derivatives of layer and batch normalisation.

The gradient of the input is a scale times the free part of what arrives: what is left without its mean and without its part along
the normalised values. The scale and the normalised values move with the input, so the derivative by the input has a term for each.
"""

import torch

from byhand.rules.channels import lined_up, per_channel, scaled, sum_per_channel
from byhand.rules.helpers import in_shape_of, other_dims
from byhand.rules.normalization import last_dims
from byhand.rules.table import helper, rule, shared
from byhand.rules.twice import twice

LAYER = "NativeLayerNormBackwardBackward0"
NATIVE = "NativeBatchNormBackwardBackward0"
UPDATE = "BatchNormBackwardBackward0"
CUDNN = "CudnnBatchNormBackwardBackward0"
MIOPEN = "MiopenBatchNormBackwardBackward0"


BY_LAYER = twice("F.layer_norm(t := leaf(2, 3, 4), (3, 4), u := leaf(3, 4), v := leaf(3, 4))", "t, u, v")
PARAMETERS = "t := leaf(3, 2, 4), u := leaf(2), v := leaf(2), const(2), positive(2).detach()"
BY_BATCH = twice(f"torch.native_batch_norm({PARAMETERS}, True, 0.1, 1e-5)[0]", "t, u, v")
BY_RUNNING = twice(f"torch.native_batch_norm({PARAMETERS}, False, 0.1, 1e-5)[0]", "t, u, v")
WITH_UPDATE = twice(f"torch.ops.aten._batch_norm_with_update({PARAMETERS}, 0.1, 1e-5)[0]", "t, u, v")
NO_UPDATE = twice(f"torch.ops.aten._batch_norm_no_update({PARAMETERS}, 0.1, 1e-5)[0]", "t, u, v")
CUDA_PARAMETERS = "t := leaf(3, 2, 4).cuda(), u := leaf(2).cuda(), v := leaf(2).cuda(), const(2).cuda(), const(2).cuda() ** 2"
ON_DEVICE = twice(f"torch.cudnn_batch_norm({CUDA_PARAMETERS}, True, 0.1, 1e-5)[0]", "t, u, v")
ON_AMD = ON_DEVICE.replace("cudnn", "miopen")


@helper
def free_part(value: torch.Tensor, normalized: torch.Tensor, dims: tuple[int, ...]) -> torch.Tensor:
    """What is left of a value when its mean and its part along the normalised values are taken away."""
    along = (value * normalized).mean(dims, keepdim=True)
    return value - value.mean(dims, keepdim=True) - normalized * along


@shared(LAYER, NATIVE, UPDATE, CUDNN, MIOPEN)
def grad_grad_input(grads, input):
    return in_shape_of(grads[0], input)


@shared(LAYER)
def dims(normalized_shape):
    return last_dims(normalized_shape)


@shared(LAYER)
def deviation(rstd):
    return rstd


@shared(LAYER)
def normalized(input, mean, rstd):
    return (input - mean) * rstd


@shared(LAYER)
def grad_normalized(grad_out, weight):
    return scaled(grad_out, weight)


@shared(LAYER)
def grad_along_weight(grads, grad_out):
    return grad_out * grads[1]


@rule(LAYER, edge=5, example=BY_LAYER)
def native_layer_norm_backward_bias(grad_out, shape):
    return grad_out.new_zeros(shape)


@rule(LAYER, edge=4, example=BY_LAYER)
def native_layer_norm_backward_weight(grad_grad_input, grad_out, normalized, deviation, dims):
    return grad_out * deviation * free_part(grad_grad_input, normalized, dims)


@rule(LAYER, edge=0, example=BY_LAYER)
def native_layer_norm_backward_grad_out(grads, grad_grad_input, weight, normalized, deviation, dims):
    return scaled(deviation * free_part(grad_grad_input, normalized, dims), weight) + grads[1] * normalized + grads[2]


@shared(NATIVE, UPDATE, CUDNN, MIOPEN)
def dims__channel(input):
    return other_dims(input, 1)


@shared(NATIVE)
def deviation__native(save_invstd, input):
    return per_channel(save_invstd, input.dim())


@shared(UPDATE, CUDNN, MIOPEN)
def deviation__update(save_var, input):
    return per_channel(save_var, input.dim())


@shared(NATIVE, UPDATE, CUDNN, MIOPEN)
def normalized__channel(input, save_mean, deviation):
    return (input - per_channel(save_mean, input.dim())) * deviation


@shared(NATIVE, UPDATE)
def grad_normalized__channel(grad_out, weight):
    return scaled(grad_out, per_channel(weight, grad_out.dim()))


@shared(CUDNN, MIOPEN)
def grad_normalized__cudnn(grad_output, weight):
    return scaled(grad_output, per_channel(weight, grad_output.dim()))


@shared(NATIVE, UPDATE)
def grad_along_weight__channel(grads, grad_out):
    return grad_out * lined_up(grads[1], grad_out)


@shared(CUDNN, MIOPEN)
def grad_along_weight__cudnn(grads, grad_output):
    return grad_output * lined_up(grads[1], grad_output)


@shared(NATIVE, UPDATE)
def running_deviation(running_var, eps, input):
    return per_channel(torch.rsqrt(running_var + eps), input.dim())


@rule(NATIVE, edge=0, example=BY_BATCH, when=lambda train: train)
@rule(UPDATE, edge=0, example=WITH_UPDATE, when=lambda update: update)
def batch_norm_backward_grad_out(grads, grad_grad_input, weight, input, normalized, deviation, dims):
    by_input = scaled(deviation * free_part(grad_grad_input, normalized, dims), per_channel(weight, input.dim()))
    return by_input + lined_up(grads[1], input) * normalized + lined_up(grads[2], input)


@rule(CUDNN, edge=1, example=ON_DEVICE)
@rule(MIOPEN, edge=1, example=ON_AMD)
def batch_norm_backward_grad_output(grads, grad_grad_input, weight, input, normalized, deviation, dims):
    by_input = scaled(deviation * free_part(grad_grad_input, normalized, dims), per_channel(weight, input.dim()))
    return by_input + lined_up(grads[1], input) * normalized + lined_up(grads[2], input)


@rule(NATIVE, edge=2, example=BY_BATCH, when=lambda train: train)
@rule(UPDATE, edge=2, example=WITH_UPDATE, when=lambda update: update)
def batch_norm_backward_weight(grad_grad_input, grad_out, normalized, deviation, dims):
    return sum_per_channel(grad_out * deviation * free_part(grad_grad_input, normalized, dims))


@rule(CUDNN, edge=2, example=ON_DEVICE)
@rule(MIOPEN, edge=2, example=ON_AMD)
def batch_norm_backward_weight__cudnn(grad_grad_input, grad_output, normalized, deviation, dims):
    return sum_per_channel(grad_output * deviation * free_part(grad_grad_input, normalized, dims))


@rule(LAYER, edge=1, example=BY_LAYER)
@rule(NATIVE, edge=1, example=BY_BATCH, when=lambda train: train)
@rule(UPDATE, edge=1, example=WITH_UPDATE, when=lambda update: update)
@rule(CUDNN, edge=0, example=ON_DEVICE)
@rule(MIOPEN, edge=0, example=ON_AMD)
def normalization_backward_input(grad_along_weight, grad_grad_input, grad_normalized, normalized, deviation, dims):
    by_weight = deviation * free_part(grad_along_weight, normalized, dims)
    free = free_part(grad_normalized, normalized, dims)
    turning = free_part(grad_grad_input, normalized, dims) * (grad_normalized * normalized).mean(dims, keepdim=True)
    turning_back = free * (grad_grad_input * normalized).mean(dims, keepdim=True)
    shrinking = normalized * (grad_grad_input * free).mean(dims, keepdim=True)
    return by_weight - deviation**2 * (turning + turning_back + shrinking)


@rule(NATIVE, edge=0, example=BY_RUNNING)
@rule(UPDATE, edge=0, example=NO_UPDATE)
def batch_norm_backward_grad_out__running(grads, grad_grad_input, weight, input, running_mean, running_deviation):
    normalized = (input - per_channel(running_mean, input.dim())) * running_deviation
    by_input = scaled(grad_grad_input * running_deviation, per_channel(weight, input.dim()))
    return by_input + lined_up(grads[1], input) * normalized + lined_up(grads[2], input)


@rule(NATIVE, edge=1, example=BY_RUNNING)
@rule(UPDATE, edge=1, example=NO_UPDATE)
def batch_norm_backward_input__running(grad_along_weight, running_deviation):
    return grad_along_weight * running_deviation


@rule(NATIVE, edge=2, example=BY_RUNNING)
@rule(UPDATE, edge=2, example=NO_UPDATE)
def batch_norm_backward_weight__running(grad_grad_input, grad_out, running_deviation):
    return sum_per_channel(grad_out * grad_grad_input * running_deviation)

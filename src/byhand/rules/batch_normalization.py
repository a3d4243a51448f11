"""Derivatives of batch normalisation: by the batch's own statistics in training, by the running ones in evaluation."""

from collections.abc import Callable
from typing import Any

import torch

from byhand.rules.channels import per_channel, scaled, sum_per_channel
from byhand.rules.table import rule, shared

NATIVE = "NativeBatchNormBackward0"
LEGIT = "NativeBatchNormLegitBackward0"
LEGIT_ALONE = "NativeBatchNormLegitBackward1"
LEGIT_RUNNING = "NativeBatchNormLegitNoTrainingBackward0"
UPDATE = "BatchNormWithUpdateBackward0"
NO_UPDATE = "BatchNormNoUpdateBackward0"
CUDNN = "CudnnBatchNormBackward0"
MIOPEN = "MiopenBatchNormBackward0"

PARAMETERS = "leaf(3, 2, 4), leaf(2), leaf(2)"
RUNNING = "const(2), positive(2).detach()"
ON_DEVICE = "leaf(3, 2, 4).cuda(), leaf(2).cuda(), leaf(2).cuda(), const(2).cuda(), positive(2).detach().cuda()"
EXAMPLES = {
    NATIVE: f"torch.native_batch_norm({PARAMETERS}, {RUNNING}, True, 0.1, 1e-5)[0]",
    LEGIT: f"torch._native_batch_norm_legit({PARAMETERS}, {RUNNING}, True, 0.1, 1e-5)[0]",
    LEGIT_ALONE: f"torch._native_batch_norm_legit({PARAMETERS}, True, 0.1, 1e-5)[0]",
    LEGIT_RUNNING: f"torch.ops.aten._native_batch_norm_legit_no_training({PARAMETERS}, {RUNNING}, 0.1, 1e-5)[0]",
    UPDATE: f"torch.ops.aten._batch_norm_with_update({PARAMETERS}, {RUNNING}, 0.1, 1e-5)[0]",
    NO_UPDATE: f"torch.ops.aten._batch_norm_no_update({PARAMETERS}, {RUNNING}, 0.1, 1e-5)[0]",
    CUDNN: f"torch.cudnn_batch_norm({ON_DEVICE}, True, 0.1, 1e-5)[0]",
    MIOPEN: f"torch.miopen_batch_norm({ON_DEVICE}, True, 0.1, 1e-5)[0]",
}
BY_BATCH = {node: example for node, example in EXAMPLES.items() if node not in (LEGIT_RUNNING, NO_UPDATE)}
BY_RUNNING = {node: example.replace("True", "False") for node, example in EXAMPLES.items() if node not in (LEGIT_ALONE, UPDATE)}


def in_training(training: bool) -> bool:
    """Whether the batch was normalised by its own mean and deviation."""
    return training


def batch_norm_rule(edge: int, examples: dict[str, str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the function as the rule of every node class that has an example."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for node, example in examples.items():
            chooses = examples is BY_BATCH and node in BY_RUNNING
            rule(node, edge=edge, example=example, when=in_training if chooses else None)(function)
        return function

    return enter


@shared(NATIVE, LEGIT, LEGIT_ALONE, UPDATE, CUDNN, MIOPEN)
def normalized(input, result1, result2):
    return (input - per_channel(result1, input.dim())) * per_channel(result2, input.dim())


@shared(NATIVE, LEGIT, LEGIT_RUNNING, NO_UPDATE)
def running_scale(running_var, eps):
    return torch.rsqrt(running_var + eps)


@shared(CUDNN, MIOPEN)
def running_scale__epsilon(running_var, epsilon):
    return torch.rsqrt(running_var + epsilon)


@shared(NATIVE, LEGIT, LEGIT_ALONE, UPDATE, CUDNN, MIOPEN)
def grad_along_normalized(grad, normalized):
    return sum_per_channel(grad * normalized)


@batch_norm_rule(2, EXAMPLES)
def batch_norm_bias(grad):
    return sum_per_channel(grad)


@batch_norm_rule(1, BY_BATCH)
def batch_norm_weight(grad_along_normalized):
    return grad_along_normalized


@batch_norm_rule(1, BY_RUNNING)
def batch_norm_weight__running(grad, input, running_mean, running_scale):
    normalized = (input - per_channel(running_mean, input.dim())) * per_channel(running_scale, input.dim())
    return sum_per_channel(grad * normalized)


@batch_norm_rule(0, BY_BATCH)
def batch_norm_input(grad, normalized, grad_along_normalized, weight, result2):
    size = grad.numel() // grad.shape[1]
    shift = per_channel(sum_per_channel(grad) / size, grad.dim())
    stretch = per_channel(grad_along_normalized / size, grad.dim())
    return per_channel(scaled(result2, weight), grad.dim()) * (grad - shift - normalized * stretch)


@batch_norm_rule(0, BY_RUNNING)
def batch_norm_input__running(grad, weight, running_scale):
    return grad * per_channel(scaled(running_scale, weight), grad.dim())

"""What some classes of a gradient's own graph save, beside the gradients of the same mathematics written out, differentiable again."""

import torch
import torch.nn.functional as F


def tensors(*shapes):
    """Leaves of these shapes, in float64, the same every time."""
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]


def batch_norm_twice():
    """Inputs, outputs and saved values of the gradients of a batch normalised by its own statistics."""
    x, weight, bias, grad_output = tensors((3, 2, 4), (2,), (2,), (3, 2, 4))
    mean, variance = x.mean((0, 2)), x.var((0, 2), correction=0)
    rstd = (variance + 1e-5).rsqrt()
    output = (x - mean[:, None]) * (rstd * weight)[:, None] + bias[:, None]
    saved = {"input": x, "grad_output": grad_output, "weight": weight, "save_mean": mean, "save_var": rstd, "epsilon": 1e-5}
    return (x, grad_output, weight), torch.autograd.grad(output, (x, weight, bias), grad_output, create_graph=True), saved


def grid_sampler_twice():
    """Inputs, outputs and saved values of the gradients of a sampled picture."""
    x, grid, grad_output = tensors((2, 3, 4, 5), (2, 3, 2, 2), (2, 3, 3, 2))
    output = F.grid_sample(x, grid, align_corners=True)
    saved = {"self": x, "grid": grid, "grad_output": grad_output}
    return (x, grid, grad_output), torch.autograd.grad(output, (x, grid), grad_output, create_graph=True), saved


def convolution_twice():
    """Inputs, outputs and saved values of the gradients of a convolution in groups."""
    x, weight, bias, grad_output = tensors((2, 4, 7, 6), (6, 2, 3, 2), (6,), (2, 6, 4, 3))
    saved = {"self": x, "grad_output": grad_output, "weight": weight, "stride": (2, 3), "padding": (2, 2), "dilation": (2, 1), "groups": 2}
    output = F.conv2d(x, weight, bias, (2, 3), (2, 2), (2, 1), 2)
    return (x, grad_output, weight), torch.autograd.grad(output, (x, weight, bias), grad_output, create_graph=True), saved


def linear_twice():
    """Inputs, outputs and saved values of the gradients of a linear layer."""
    x, weight, bias, grad_output = tensors((2, 3, 4), (5, 4), (5,), (2, 3, 5))
    saved = {"self": x, "grad_output": grad_output, "weight": weight}
    output = F.linear(x, weight, bias)
    return (x, grad_output, weight), torch.autograd.grad(output, (x, weight, bias), grad_output, create_graph=True), saved


TWICE = [
    ("CudnnBatchNormBackwardBackward0", batch_norm_twice, {}),
    ("MiopenBatchNormBackwardBackward0", batch_norm_twice, {}),
    ("CudnnGridSamplerBackwardBackward0", grid_sampler_twice, {}),
    ("MpsConvolutionBackwardBackward0", convolution_twice, {}),
    ("LinearBackwardBackward0", linear_twice, {}),
]
"""Class -> what writes it out, and the options of that."""

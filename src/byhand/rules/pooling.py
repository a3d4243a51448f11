"""Derivatives of pooling: a maximum sends its gradient to where it was found, an average shares it out evenly."""

import torch
import torch.nn.functional as F

from byhand.rules.separable import response, spread_planes
from byhand.rules.table import forward, helper, rule


def along(dim: int, lengths: tuple[int, ...]) -> int:
    """The length for one dimension; a single one stands for all of them."""
    return lengths[dim] if len(lengths) > 1 else lengths[0]


@helper
def window_shares(
    grad: torch.Tensor,
    shape: tuple[int, ...],
    dim: int,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> torch.Tensor:
    """The share that each window along one dimension takes of each position: a matrix of positions by windows."""
    kernel, step, around = (along(dim, lengths) for lengths in (kernel_size, stride or kernel_size, padding))
    divisor = divisor_override and (divisor_override if dim == -1 else 1)
    return response(
        shape[dim],
        grad,
        lambda signals: F.avg_pool2d(signals, (1, kernel), (1, step), (0, around), ceil_mode, count_include_pad, divisor),
    )


@helper
def bin_shares(grad: torch.Tensor, shape: tuple[int, ...], dim: int) -> torch.Tensor:
    """The share that each bin along one dimension takes of each position: a matrix of positions by bins."""
    return response(shape[dim], grad, lambda signals: F.adaptive_avg_pool2d(signals, (1, grad.shape[dim])))


@forward("MaxPool2DWithIndicesBackward0", "AdaptiveMaxPool2DBackward0", "FractionalMaxPool2DBackward0")
def max_pool2d(self, result1):
    return self.flatten(-2).gather(-1, result1.flatten(-2)).reshape(result1.shape)


@rule("MaxPool2DWithIndicesBackward0", edge=0, example="F.max_pool2d(leaf(2, 3, 7, 6), (3, 2), stride=2, padding=1)")
@rule("AdaptiveMaxPool2DBackward0", edge=0, example="F.adaptive_max_pool2d(leaf(2, 3, 7, 6), (3, 4))")
@rule("FractionalMaxPool2DBackward0", edge=0, example="F.fractional_max_pool2d(leaf(2, 3, 7, 6), 2, output_size=(4, 3))")
def max_pool2d_self(grad, result1, shape):
    nothing = grad.new_zeros(shape).flatten(-2)
    return nothing.scatter_add(-1, result1.flatten(-2), grad.flatten(-2)).reshape(shape)


@forward("MaxPool3DWithIndicesBackward0", "AdaptiveMaxPool3DBackward0", "FractionalMaxPool3DBackward0")
def max_pool3d(self, result1):
    return self.flatten(-3).gather(-1, result1.flatten(-3)).reshape(result1.shape)


@rule("MaxPool3DWithIndicesBackward0", edge=0, example="F.max_pool3d(leaf(2, 3, 4, 5, 6), 3, stride=2, padding=1)")
@rule("AdaptiveMaxPool3DBackward0", edge=0, example="F.adaptive_max_pool3d(leaf(2, 3, 4, 5, 6), (2, 3, 4))")
@rule("FractionalMaxPool3DBackward0", edge=0, example="F.fractional_max_pool3d(leaf(2, 3, 4, 5, 6), 2, output_size=(2, 3, 4))")
def max_pool3d_self(grad, result1, shape):
    nothing = grad.new_zeros(shape).flatten(-3)
    return nothing.scatter_add(-1, result1.flatten(-3), grad.flatten(-3)).reshape(shape)


@rule("MaxUnpool2DBackward0", edge=0, example="F.max_unpool2d(leaf(2, 3, 2, 2), torch.tensor([[0, 3], [9, 14]]).expand(2, 3, 2, 2), 2)")
def max_unpool2d_self(grad, indices):
    return grad.flatten(-2).gather(-1, indices.flatten(-2)).reshape(indices.shape)


@rule("MaxUnpool3DBackward0", edge=0, example="F.max_unpool3d(leaf(2, 1, 1, 1, 2), torch.tensor([[[[[3, 9]]]]]).expand(2, 1, 1, 1, 2), 2)")
def max_unpool3d_self(grad, indices):
    return grad.flatten(-3).gather(-1, indices.flatten(-3)).reshape(indices.shape)


@rule("AdaptiveAvgPool2DBackward0", edge=0, example="F.adaptive_avg_pool2d(leaf(2, 3, 7, 5), (3, 4))")
def adaptive_avg_pool2d_self(grad, shape):
    rows = bin_shares(grad, shape, -2)
    columns = bin_shares(grad, shape, -1)
    return rows @ grad @ columns.T


@rule("AdaptiveAvgPool3DBackward0", edge=0, example="F.adaptive_avg_pool3d(leaf(2, 3, 4, 7, 5), (2, 3, 4))")
def adaptive_avg_pool3d_self(grad, shape):
    planes = bin_shares(grad, shape, -3)
    rows = bin_shares(grad, shape, -2)
    columns = bin_shares(grad, shape, -1)
    return spread_planes(rows @ grad @ columns.T, planes)


@rule("AvgPool2DBackward0", edge=0, example="F.avg_pool2d(leaf(2, 3, 7, 6), (3, 2), 2, 1, ceil_mode=True, count_include_pad=False)")
def avg_pool2d_self(grad, shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    rows = window_shares(grad, shape, -2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    columns = window_shares(grad, shape, -1, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return rows @ grad @ columns.T


@rule("AvgPool3DBackward0", edge=0, example="F.avg_pool3d(leaf(2, 3, 4, 7, 6), 3, 2, 1, ceil_mode=True, divisor_override=5)")
def avg_pool3d_self(grad, shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    planes = window_shares(grad, shape, -3, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    rows = window_shares(grad, shape, -2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    columns = window_shares(grad, shape, -1, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return spread_planes(rows @ grad @ columns.T, planes)

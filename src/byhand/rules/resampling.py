"""Derivatives of resizing: every input gets back the gradients of the outputs it went into, by the weight it had in each."""

from typing import Any

import torch

from byhand.rules.separable import response, spread_planes
from byhand.rules.table import helper, rule

NN: Any = torch._C._nn
LANCZOS: Any = torch.ops.aten._upsample_lanczos2d_aa


@helper
def nearest_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, scale: float | None) -> torch.Tensor:
    """1 where an output copies an input, along one dimension: a matrix of inputs by outputs."""
    return response(shape[dim], grad, lambda signals: NN.upsample_nearest2d(signals, (1, grad.shape[dim]), None, scale))


@helper
def nearest_exact_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, scale: float | None) -> torch.Tensor:
    """1 where an output copies the input nearest its centre, along one dimension: a matrix of inputs by outputs."""
    return response(shape[dim], grad, lambda signals: NN._upsample_nearest_exact2d(signals, (1, grad.shape[dim]), None, scale))


@helper
def linear_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, align_corners: bool, scale: float | None) -> torch.Tensor:
    """How much of each input is in each output of a linear interpolation along one dimension: a matrix of inputs by outputs."""
    return response(shape[dim], grad, lambda signals: NN.upsample_bilinear2d(signals, (1, grad.shape[dim]), align_corners, None, scale))


@helper
def cubic_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, align_corners: bool, scale: float | None) -> torch.Tensor:
    """How much of each input is in each output of a cubic interpolation along one dimension: a matrix of inputs by outputs."""
    weights = response(shape[dim], grad, lambda signals: NN.upsample_bicubic2d(signals, (1, grad.shape[dim]), align_corners, None, scale))
    return 1 - (1 - weights)  # they are sums that cancel: known to a unit of 1, and so the rounding is measured


@helper
def smooth_linear_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, align_corners: bool, scale: float | None) -> torch.Tensor:
    """As linear_weights, with the triangle widened over all the inputs that one output stands for (antialias)."""
    return response(shape[dim], grad, lambda signals: NN._upsample_bilinear2d_aa(signals, (1, grad.shape[dim]), align_corners, None, scale))


@helper
def smooth_cubic_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, align_corners: bool, scale: float | None) -> torch.Tensor:
    """As cubic_weights, with the curve widened over all the inputs that one output stands for (antialias)."""
    weights = response(
        shape[dim], grad, lambda signals: NN._upsample_bicubic2d_aa(signals, (1, grad.shape[dim]), align_corners, None, scale)
    )
    return 1 - (1 - weights)


@helper
def smooth_lanczos_weights(grad: torch.Tensor, shape: tuple[int, ...], dim: int, align_corners: bool, scale: float | None) -> torch.Tensor:
    """As smooth_cubic_weights, with the curve of Lanczos."""
    weights = response(shape[dim], grad, lambda signals: LANCZOS(signals, (1, grad.shape[dim]), align_corners, None, scale))
    return 1 - (1 - weights)


@rule("UpsampleNearest1DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4), 7)")
def upsample_nearest1d_self(grad, shape, scales):
    return grad @ nearest_weights(grad, shape, -1, scales).T


@rule("UpsampleNearest2DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5), scale_factor=(2.5, 1.3))")
def upsample_nearest2d_self(grad, shape, scales_h, scales_w):
    return nearest_weights(grad, shape, -2, scales_h) @ grad @ nearest_weights(grad, shape, -1, scales_w).T


@rule("UpsampleNearest3DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5, 3), (5, 3, 7))")
def upsample_nearest3d_self(grad, shape, scales_d, scales_h, scales_w):
    planes = nearest_weights(grad, shape, -3, scales_d)
    return spread_planes(nearest_weights(grad, shape, -2, scales_h) @ grad @ nearest_weights(grad, shape, -1, scales_w).T, planes)


@rule("UpsampleNearestExact1DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4), 7, mode='nearest-exact')")
def upsample_nearest_exact1d_self(grad, shape, scales):
    return grad @ nearest_exact_weights(grad, shape, -1, scales).T


@rule("UpsampleNearestExact2DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5), scale_factor=(2.5, 1.3), mode='nearest-exact')")
def upsample_nearest_exact2d_self(grad, shape, scales_h, scales_w):
    return nearest_exact_weights(grad, shape, -2, scales_h) @ grad @ nearest_exact_weights(grad, shape, -1, scales_w).T


@rule("UpsampleNearestExact3DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5, 3), (5, 3, 7), mode='nearest-exact')")
def upsample_nearest_exact3d_self(grad, shape, scales_d, scales_h, scales_w):
    planes = nearest_exact_weights(grad, shape, -3, scales_d)
    rows = nearest_exact_weights(grad, shape, -2, scales_h)
    return spread_planes(rows @ grad @ nearest_exact_weights(grad, shape, -1, scales_w).T, planes)


@rule("UpsampleLinear1DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4), scale_factor=2.3, mode='linear')")
def upsample_linear1d_self(grad, shape, align_corners, scales):
    return grad @ linear_weights(grad, shape, -1, align_corners, scales).T


@rule("UpsampleBilinear2DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5), scale_factor=(2.5, 1.3), mode='bilinear')")
def upsample_bilinear2d_self(grad, shape, align_corners, scales_h, scales_w):
    rows = linear_weights(grad, shape, -2, align_corners, scales_h)
    columns = linear_weights(grad, shape, -1, align_corners, scales_w)
    return rows @ grad @ columns.T


@rule("UpsampleTrilinear3DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5, 3), (5, 3, 7), mode='trilinear', align_corners=True)")
def upsample_trilinear3d_self(grad, shape, align_corners, scales_d, scales_h, scales_w):
    planes = linear_weights(grad, shape, -3, align_corners, scales_d)
    rows = linear_weights(grad, shape, -2, align_corners, scales_h)
    columns = linear_weights(grad, shape, -1, align_corners, scales_w)
    return spread_planes(rows @ grad @ columns.T, planes)


@rule("UpsampleBicubic2DBackward0", edge=0, example="F.interpolate(leaf(2, 3, 4, 5), scale_factor=(2.5, 1.3), mode='bicubic')")
def upsample_bicubic2d_self(grad, shape, align_corners, scales_h, scales_w):
    rows = cubic_weights(grad, shape, -2, align_corners, scales_h)
    columns = cubic_weights(grad, shape, -1, align_corners, scales_w)
    return rows @ grad @ columns.T


@rule("UpsampleBilinear2DAaBackward0", edge=0, example="F.interpolate(leaf(2, 3, 6, 7), (3, 4), mode='bilinear', antialias=True)")
def upsample_bilinear2d_aa_self(grad, shape, align_corners, scales_h, scales_w):
    rows = smooth_linear_weights(grad, shape, -2, align_corners, scales_h)
    columns = smooth_linear_weights(grad, shape, -1, align_corners, scales_w)
    return rows @ grad @ columns.T


@rule("UpsampleBicubic2DAaBackward0", edge=0, example="F.interpolate(leaf(2, 3, 6, 7), (3, 4), mode='bicubic', antialias=True)")
def upsample_bicubic2d_aa_self(grad, shape, align_corners, scales_h, scales_w):
    rows = smooth_cubic_weights(grad, shape, -2, align_corners, scales_h)
    columns = smooth_cubic_weights(grad, shape, -1, align_corners, scales_w)
    return rows @ grad @ columns.T


@rule("UpsampleLanczos2DAaBackward0", edge=0, example="torch.ops.aten._upsample_lanczos2d_aa(leaf(2, 3, 6, 7), (3, 4), False)")
def upsample_lanczos2d_aa_self(grad, shape, align_corners, scales_h, scales_w):
    rows = smooth_lanczos_weights(grad, shape, -2, align_corners, scales_h)
    columns = smooth_lanczos_weights(grad, shape, -1, align_corners, scales_w)
    return rows @ grad @ columns.T

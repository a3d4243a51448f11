"""Derivatives of the derivatives of resizing: giving back to the inputs is linear, so its derivative is resizing again."""

from typing import Any

import torch

from byhand.rules.table import helper, rule

NN: Any = torch._C._nn
OPERATIONS = {
    "nearest": (NN.upsample_nearest1d, NN.upsample_nearest2d, NN.upsample_nearest3d),
    "nearest-exact": (NN._upsample_nearest_exact1d, NN._upsample_nearest_exact2d, NN._upsample_nearest_exact3d),
    "linear": (NN.upsample_linear1d, NN.upsample_bilinear2d, NN.upsample_trilinear3d),
    "linear-smooth": (None, NN._upsample_bilinear2d_aa),
    "bicubic": (None, NN.upsample_bicubic2d),
    "bicubic-smooth": (None, NN._upsample_bicubic2d_aa),
}
"""Kind of interpolation -> what does it in one, two and three dimensions; the smooth ones are those called antialias."""

LINE = "leaf(2, 3, 7), (7,), (2, 3, 4)"
PICTURE = "leaf(2, 3, 10, 6), (10, 6), (2, 3, 4, 5)"
SMALLER = "leaf(2, 3, 3, 4), (3, 4), (2, 3, 6, 7)"
BLOCK = "leaf(2, 3, 5, 3, 7), (5, 3, 7), (2, 3, 4, 5, 3)"


@helper
def resized(value: torch.Tensor, kind: str, output_size: tuple[int, ...], *options: Any) -> torch.Tensor:
    """The value resized by this kind of interpolation, with the options that the forward had."""
    operation = OPERATIONS[kind][value.dim() - 3]
    result: torch.Tensor = operation(value, output_size, *options)
    return result


@helper
def resized_lanczos(value: torch.Tensor, output_size: tuple[int, ...], *options: Any) -> torch.Tensor:
    """The value resized by Lanczos's window, with the options that the forward had."""
    result: torch.Tensor = NN._upsample_lanczos2d_aa(value, output_size, *options)
    return result


@rule("UpsampleNearest1DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_nearest1d_backward({LINE}, 1.9)")
def upsample_nearest1d_backward_grad_output(grad, output_size, scales):
    return resized(grad, "nearest", output_size, scales)


@rule("UpsampleNearest2DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_nearest2d_backward({PICTURE}, 2.5, 1.3)")
def upsample_nearest2d_backward_grad_output(grad, output_size, scales_h, scales_w):
    return resized(grad, "nearest", output_size, scales_h, scales_w)


@rule("UpsampleNearest3DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_nearest3d_backward({BLOCK})")
def upsample_nearest3d_backward_grad_output(grad, output_size, scales_d, scales_h, scales_w):
    return resized(grad, "nearest", output_size, scales_d, scales_h, scales_w)


@rule("UpsampleNearestExact1DBackwardBackward0", edge=0, example=f"torch.ops.aten._upsample_nearest_exact1d_backward({LINE}, 1.9)")
def upsample_nearest_exact1d_backward_grad_output(grad, output_size, scales):
    return resized(grad, "nearest-exact", output_size, scales)


@rule("UpsampleNearestExact2DBackwardBackward0", edge=0, example=f"torch.ops.aten._upsample_nearest_exact2d_backward({PICTURE}, 2.5, 1.3)")
def upsample_nearest_exact2d_backward_grad_output(grad, output_size, scales_h, scales_w):
    return resized(grad, "nearest-exact", output_size, scales_h, scales_w)


@rule("UpsampleNearestExact3DBackwardBackward0", edge=0, example=f"torch.ops.aten._upsample_nearest_exact3d_backward({BLOCK})")
def upsample_nearest_exact3d_backward_grad_output(grad, output_size, scales_d, scales_h, scales_w):
    return resized(grad, "nearest-exact", output_size, scales_d, scales_h, scales_w)


@rule("UpsampleLinear1DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_linear1d_backward({LINE}, False, 1.9)")
def upsample_linear1d_backward_grad_output(grad, output_size, align_corners, scales):
    return resized(grad, "linear", output_size, align_corners, scales)


@rule("UpsampleBilinear2DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_bilinear2d_backward({PICTURE}, False, 2.5, 1.3)")
def upsample_bilinear2d_backward_grad_output(grad, output_size, align_corners, scales_h, scales_w):
    return resized(grad, "linear", output_size, align_corners, scales_h, scales_w)


@rule("UpsampleTrilinear3DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_trilinear3d_backward({BLOCK}, True)")
def upsample_trilinear3d_backward_grad_output(grad, output_size, align_corners, scales_d, scales_h, scales_w):
    return resized(grad, "linear", output_size, align_corners, scales_d, scales_h, scales_w)


@rule("UpsampleBicubic2DBackwardBackward0", edge=0, example=f"torch.ops.aten.upsample_bicubic2d_backward({PICTURE}, False, 2.5, 1.3)")
def upsample_bicubic2d_backward_grad_output(grad, output_size, align_corners, scales_h, scales_w):
    return resized(grad, "bicubic", output_size, align_corners, scales_h, scales_w)


@rule("UpsampleBilinear2DAaBackwardBackward0", edge=0, example=f"torch.ops.aten._upsample_bilinear2d_aa_backward({SMALLER}, False)")
def upsample_bilinear2d_aa_backward_grad_output(grad, output_size, align_corners, scales_h, scales_w):
    return resized(grad, "linear-smooth", output_size, align_corners, scales_h, scales_w)


@rule("UpsampleBicubic2DAaBackwardBackward0", edge=0, example=f"torch.ops.aten._upsample_bicubic2d_aa_backward({SMALLER}, False)")
def upsample_bicubic2d_aa_backward_grad_output(grad, output_size, align_corners, scales_h, scales_w):
    return resized(grad, "bicubic-smooth", output_size, align_corners, scales_h, scales_w)


@rule("UpsampleLanczos2DAaBackwardBackward0", edge=0, example=f"torch.ops.aten._upsample_lanczos2d_aa_backward({SMALLER}, False)")
def upsample_lanczos2d_aa_backward_grad_output(grad, output_size, align_corners, scales_h, scales_w):
    return resized_lanczos(grad, output_size, align_corners, scales_h, scales_w)

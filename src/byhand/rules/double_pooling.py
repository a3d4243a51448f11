"""Derivatives of the derivatives of pooling, padding and dropout.

Those derivatives are linear, so theirs is the operation itself; what was pooled or padded only lent its shape, and gets zero.
"""

import torch
import torch.nn.functional as F

from byhand.rules.table import rule
from byhand.rules.twice import twice

AVERAGE_2D = twice("F.avg_pool2d(t := leaf(2, 3, 7, 6), (3, 2), 2, 1, ceil_mode=True, count_include_pad=False)")
AVERAGE_3D = twice("F.avg_pool3d(t := leaf(2, 3, 4, 7, 6), 3, 2, 1, ceil_mode=True, divisor_override=5)")
ADAPTIVE_AVERAGE_2D = twice("F.adaptive_avg_pool2d(t := leaf(2, 3, 7, 5), (3, 4))")
ADAPTIVE_AVERAGE_3D = twice("F.adaptive_avg_pool3d(t := leaf(2, 3, 4, 7, 5), (2, 3, 4))")
MAXIMUM_2D = twice("F.max_pool2d(t := leaf(2, 3, 7, 6), (3, 2), stride=2, padding=1)")
MAXIMUM_3D = twice("F.max_pool3d(t := leaf(2, 3, 4, 5, 6), 3, stride=2, padding=1)")
ADAPTIVE_MAXIMUM_2D = twice("F.adaptive_max_pool2d(t := leaf(2, 3, 7, 6), (3, 4))")
ADAPTIVE_MAXIMUM_3D = twice("F.adaptive_max_pool3d(t := leaf(2, 3, 4, 5, 6), (2, 3, 4))")
FRACTIONAL_MAXIMUM_2D = twice("F.fractional_max_pool2d(t := leaf(2, 3, 7, 6), 2, output_size=(4, 3))")
FRACTIONAL_MAXIMUM_3D = twice("F.fractional_max_pool3d(t := leaf(2, 3, 4, 5, 6), 2, output_size=(2, 3, 4))")
REFLECTED_1D = twice("F.pad(t := leaf(2, 3, 4), (2, 1), mode='reflect')")
REFLECTED_2D = twice("F.pad(t := leaf(2, 3, 4, 5), (2, 1, 0, 3), mode='reflect')")
REFLECTED_3D = twice("F.pad(t := leaf(2, 2, 3, 4, 3), (2, 1, 0, 3, 1, 1), mode='reflect')")
REPEATED_1D = twice("F.pad(t := leaf(2, 3, 4), (2, 5), mode='replicate')")
REPEATED_2D = twice("F.pad(t := leaf(2, 3, 4, 5), (2, 1, 0, 6), mode='replicate')")
REPEATED_3D = twice("F.pad(t := leaf(2, 2, 3, 4, 3), (2, 1, 0, 3, 1, 1), mode='replicate')")


@rule("NativeDropoutBackwardBackward0", edge=0, example="torch.ops.aten.native_dropout_backward(x, mask(*x.shape), 2.0)")
def native_dropout_backward_grad_output(grad, mask, scale):
    return grad * mask * scale


@rule("MaskedScatterBackwardBackward0", edge=0, example="torch.ops.aten.masked_scatter_backward(leaf(3, 4), mask(3, 4), (2, 4))")
def masked_scatter_backward_grad_output(grad, mask, shape):
    return grad.new_zeros(shape).masked_scatter(mask, grad)


@rule("MaxPool2DWithIndicesBackwardBackward0", edge=0, example=MAXIMUM_2D)
@rule("AdaptiveMaxPool2DBackwardBackward0", edge=0, example=ADAPTIVE_MAXIMUM_2D)
@rule("FractionalMaxPool2DBackwardBackward0", edge=0, example=FRACTIONAL_MAXIMUM_2D)
def max_pool2d_backward_grad_output(grad, indices):
    return grad.flatten(-2).gather(-1, indices.flatten(-2)).reshape(indices.shape)


@rule("MaxPool3DWithIndicesBackwardBackward0", edge=0, example=MAXIMUM_3D)
@rule("AdaptiveMaxPool3DBackwardBackward0", edge=0, example=ADAPTIVE_MAXIMUM_3D)
@rule("FractionalMaxPool3DBackwardBackward0", edge=0, example=FRACTIONAL_MAXIMUM_3D)
def max_pool3d_backward_grad_output(grad, indices):
    return grad.flatten(-3).gather(-1, indices.flatten(-3)).reshape(indices.shape)


@rule("AvgPool2DBackwardBackward0", edge=0, example=AVERAGE_2D)
def avg_pool2d_backward_grad_output(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    return F.avg_pool2d(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@rule("AvgPool3DBackwardBackward0", edge=0, example=AVERAGE_3D)
def avg_pool3d_backward_grad_output(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    return F.avg_pool3d(grad, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@rule("AdaptiveAvgPool2DBackwardBackward0", edge=0, example=ADAPTIVE_AVERAGE_2D)
def adaptive_avg_pool2d_backward_grad_output(grad, shape):
    return F.adaptive_avg_pool2d(grad, shape[-2:])


@rule("AdaptiveAvgPool3DBackwardBackward0", edge=0, example=ADAPTIVE_AVERAGE_3D)
def adaptive_avg_pool3d_backward_grad_output(grad, shape):
    return F.adaptive_avg_pool3d(grad, shape[-3:])


@rule("ReflectionPad1DBackwardBackward0", edge=0, example=REFLECTED_1D)
@rule("ReflectionPad2DBackwardBackward0", edge=0, example=REFLECTED_2D)
@rule("ReflectionPad3DBackwardBackward0", edge=0, example=REFLECTED_3D)
def reflection_pad_backward_grad_output(grad, padding):
    return F.pad(grad, padding, mode="reflect")


@rule("ReplicationPad1DBackwardBackward0", edge=0, example=REPEATED_1D)
@rule("ReplicationPad2DBackwardBackward0", edge=0, example=REPEATED_2D)
@rule("ReplicationPad3DBackwardBackward0", edge=0, example=REPEATED_3D)
def replication_pad_backward_grad_output(grad, padding):
    return F.pad(grad, padding, mode="replicate")


@rule("MaxPool2DWithIndicesBackwardBackward0", edge=1, example=MAXIMUM_2D)
@rule("AdaptiveMaxPool2DBackwardBackward0", edge=1, example=ADAPTIVE_MAXIMUM_2D)
@rule("FractionalMaxPool2DBackwardBackward0", edge=1, example=FRACTIONAL_MAXIMUM_2D)
@rule("MaxPool3DWithIndicesBackwardBackward0", edge=1, example=MAXIMUM_3D)
@rule("AdaptiveMaxPool3DBackwardBackward0", edge=1, example=ADAPTIVE_MAXIMUM_3D)
@rule("FractionalMaxPool3DBackwardBackward0", edge=1, example=FRACTIONAL_MAXIMUM_3D)
@rule("AvgPool2DBackwardBackward0", edge=1, example=AVERAGE_2D)
@rule("AvgPool3DBackwardBackward0", edge=1, example=AVERAGE_3D)
@rule("AdaptiveAvgPool2DBackwardBackward0", edge=1, example=ADAPTIVE_AVERAGE_2D)
@rule("AdaptiveAvgPool3DBackwardBackward0", edge=1, example=ADAPTIVE_AVERAGE_3D)
@rule("ReflectionPad1DBackwardBackward0", edge=1, example=REFLECTED_1D)
@rule("ReflectionPad2DBackwardBackward0", edge=1, example=REFLECTED_2D)
@rule("ReflectionPad3DBackwardBackward0", edge=1, example=REFLECTED_3D)
@rule("ReplicationPad1DBackwardBackward0", edge=1, example=REPEATED_1D)
@rule("ReplicationPad2DBackwardBackward0", edge=1, example=REPEATED_2D)
@rule("ReplicationPad3DBackwardBackward0", edge=1, example=REPEATED_3D)
def window_backward_self(grad):
    return torch.zeros_like(grad)

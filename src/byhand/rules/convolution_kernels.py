"""Derivatives of the convolutions that PyTorch hands to one library's kernel by name: the same mathematics, saved under other names."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from byhand.rules.channels import sum_per_channel
from byhand.rules.convolution import corner, correlate, positions_unreached
from byhand.rules.table import rule, shared

FLAT, SOLID = "leaf(2, 3, 5, 6)", "leaf(2, 3, 4, 5, 6)"
ON_DEVICE = "leaf(2, 4, 7, 6).cuda(), leaf(6, 2, 3, 2).cuda()"
TURNED = "leaf(2, 4, 4, 5).cuda(), leaf(4, 3, 3, 2).cuda()"
DEPTHWISE = "leaf(2, 3, 5, 6).cuda(), leaf(6, 1, 3, 2).cuda()"
DEPTHWISE_SOLID = "leaf(2, 3, 4, 5, 6).cuda(), leaf(3, 1, 2, 2, 2).cuda()"
MPS = ".to('mps')"
ON_MPS = ON_DEVICE.replace(".cuda()", MPS)
ONES, TURNS, APART = "(1, 1, 1)", "(1, 1), (1, 1), (2, 2), (1, 1), 2", "(1, 0), (2, 1), (1, 2)"
SINGLE = "leaf(2, 4, 7, 6).float(), leaf(6, 2, 3, 2).float(), leaf(6).float()"
BY_NNPACK = "torch._nnpack_spatial_convolution(leaf(1, 2, 4, 4).float() / 8, leaf(2, 2, 3, 3).float(), leaf(2).float(), (1, 1))"
BY_TIME = "torch.conv_tbc(leaf(5, 2, 3), leaf(3, 3, 4), leaf(4), 1)"

SLOW_2D = "SlowConv2DBackward0"
SLOW_3D = "SlowConv3DBackward0"
DILATED_2D = "SlowConvDilated2DBackward0"
DILATED_3D = "SlowConvDilated3DBackward0"
SLOW_TRANSPOSED_2D = "SlowConvTranspose2DBackward0"
SLOW_TRANSPOSED_3D = "SlowConvTranspose3DBackward0"
DEPTHWISE_2D = "ConvDepthwise2DBackward0"
DEPTHWISE_3D = "ConvDepthwise3DBackward0"
NNPACK = "NnpackSpatialConvolutionBackward0"

SLOW = "torch.ops.aten.slow_conv"
BIASED = {
    SLOW_2D: f"torch.ops.aten._slow_conv2d_forward({FLAT}.contiguous(), leaf(4, 3, 3, 2).contiguous(), (3, 2), leaf(4), (2, 1), (1, 0))",
    SLOW_3D: f"{SLOW}3d_forward({SOLID}, leaf(4, 3, 3, 2, 2), (3, 2, 2), leaf(4), (2, 1, 1), (1, 0, 1))",
    DILATED_2D: f"{SLOW}_dilated2d({FLAT}, leaf(4, 3, 2, 2), (2, 2), leaf(4), (2, 1), (1, 0), (2, 3))",
    DILATED_3D: f"{SLOW}_dilated3d({SOLID}, leaf(4, 3, 2, 2, 2), (2, 2, 2), leaf(4), (2, 1, 1), (1, 1, 1), (2, 3, 1))",
    DEPTHWISE_2D: f"torch.ops.aten._conv_depthwise2d({DEPTHWISE}, (3, 2), leaf(6).cuda(), (2, 1), (1, 0), (1, 2))",
    DEPTHWISE_3D: f"torch.ops.aten.conv_depthwise3d({DEPTHWISE_SOLID}, (2, 2, 2), leaf(3).cuda(), {ONES}, {ONES}, {ONES})",
    "MkldnnConvolutionBackward0": f"torch.mkldnn_convolution({SINGLE}, (1, 2), (2, 3), (2, 1), 2)",
    "MiopenConvolutionBackward0": f"torch.miopen_convolution({ON_DEVICE}, leaf(6).cuda(), (1, 2), (2, 3), (2, 1), 2, False, False)",
    "MiopenDepthwiseConvolutionBackward0": f"torch.miopen_depthwise_convolution({DEPTHWISE}, leaf(6).cuda(), {APART}, 3, False, True)",
    "MpsConvolutionBackward0": f"torch.ops.aten._mps_convolution({ON_MPS}, leaf(6).to('mps'), (1, 2), (2, 3), (2, 1), 2)",
}
PLAIN = BIASED | {"CudnnConvolutionBackward0": f"torch.cudnn_convolution({ON_DEVICE}, (1, 2), (2, 3), (2, 1), 2, False, False, False)"}
BIASED_TRANSPOSED = {
    SLOW_TRANSPOSED_2D: f"{SLOW}_transpose2d({FLAT}, leaf(3, 4, 3, 2), (3, 2), leaf(4), (2, 1), (1, 1), (1, 0))",
    SLOW_TRANSPOSED_3D: f"{SLOW}_transpose3d({SOLID}, leaf(3, 4, 3, 2, 2), (3, 2, 2), leaf(4), (2, 2, 2), {ONES}, {ONES})",
    "MiopenConvolutionTransposeBackward0": f"torch.miopen_convolution_transpose({TURNED}, leaf(6).cuda(), {TURNS}, False, False)",
}
TRANSPOSED = BIASED_TRANSPOSED | {
    "CudnnConvolutionTransposeBackward0": f"torch.cudnn_convolution_transpose({TURNED}, {TURNS}, False, False, False)",
    "MpsConvolutionTransposeBackward0": f"torch.ops.aten._mps_convolution_transpose({TURNED.replace('.cuda()', MPS)}, {TURNS})",
}


def kernel_rule(edge: int, examples: dict[str, str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the function as the rule of every node class that has an example."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        for node, example in examples.items():
            rule(node, edge=edge, example=example)(function)
        return function

    return enter


@shared(SLOW_2D, SLOW_3D, DILATED_2D, DILATED_3D, NNPACK, SLOW_TRANSPOSED_2D, SLOW_TRANSPOSED_3D)
def groups():
    return 1


@shared(DEPTHWISE_2D, DEPTHWISE_3D)
def groups__each_channel(self):
    return self.shape[1]


@shared(SLOW_2D, SLOW_3D, NNPACK)
def dilation(stride):
    return (1,) * len(stride)


@kernel_rule(2, BIASED | BIASED_TRANSPOSED)
@rule(NNPACK, edge=2, example=BY_NNPACK)
def convolution_kernel_bias(grad):
    return sum_per_channel(grad)


@kernel_rule(0, PLAIN)
def convolution_kernel_self(grad, weight, shape, stride, padding, dilation, groups):
    unreached = positions_unreached(shape, grad, weight, stride, padding, dilation)
    return torch.convolution(grad, weight, None, stride, padding, dilation, True, unreached, groups)


@kernel_rule(1, PLAIN)
def convolution_kernel_weight(grad, self, shape, stride, padding, dilation, groups):
    return correlate(self, grad, shape, stride, padding, dilation, groups)


@kernel_rule(0, TRANSPOSED)
def convolution_kernel_self__transposed(grad, weight, shape, stride, padding, dilation, output_padding, groups):
    gathered = torch.convolution(grad, weight, None, stride, padding, dilation, False, output_padding, groups)
    return corner(gathered, shape)


@kernel_rule(1, TRANSPOSED)
def convolution_kernel_weight__transposed(grad, self, shape, stride, padding, dilation, groups):
    return correlate(grad, self, shape, stride, padding, dilation, groups)


@rule(NNPACK, edge=0, example=BY_NNPACK)
def convolution_kernel_input(grad, weight, shape, stride, padding, dilation, groups):
    unreached = positions_unreached(shape, grad, weight, stride, padding, dilation)
    return torch.convolution(grad, weight, None, stride, padding, dilation, True, unreached, groups)


@rule(NNPACK, edge=1, example=BY_NNPACK)
def convolution_kernel_weight__nnpack(grad, input, shape, stride, padding, dilation, groups):
    return correlate(input, grad, shape, stride, padding, dilation, groups)


@rule("ConvTbcBackward0", edge=2, example=BY_TIME)
def conv_tbc_bias(grad):
    return grad


@rule("ConvTbcBackward0", edge=0, example=BY_TIME)
def conv_tbc_self(grad, weight, pad):
    batch_first = F.conv_transpose1d(grad.permute(1, 2, 0), weight.permute(2, 1, 0), padding=pad)
    return batch_first.permute(2, 0, 1)


@rule("ConvTbcBackward0", edge=1, example=BY_TIME)
def conv_tbc_weight(grad, self, pad, shape):
    met = correlate(self.permute(1, 2, 0), grad.permute(1, 2, 0), (shape[2], shape[1], shape[0]), (1,), (pad,), (1,), 1)
    return met.permute(2, 1, 0)

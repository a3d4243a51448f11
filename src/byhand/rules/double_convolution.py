"""Derivatives of the derivatives of convolutions and linear layers.

A convolution is linear in its input and in its weight, so each gradient is linear in the two it was made from: every derivative is
a convolution again, forward, back to the input or back to the weight, with the gradient of a gradient in the place of one of them.
"""

import torch

from byhand.rules.channels import lined_up
from byhand.rules.convolution import corner, correlate, positions_unreached
from byhand.rules.helpers import in_shape_of, rows
from byhand.rules.table import helper, rule, shared
from byhand.rules.twice import twice

NODE = "ConvolutionBackwardBackward0"
SLOW = "SlowConv2DBackwardBackward0"
MPS = "MpsConvolutionBackwardBackward0"
LINEAR = "LinearBackwardBackward0"
EXAMPLE = (
    "torch.ops.aten.convolution_backward"
    "(leaf(2, 6, 4, 3), leaf(2, 4, 7, 6), leaf(6, 2, 3, 2), (6,), (2, 3), (2, 2), (2, 1), False, (0, 0), 2, (True, True, True))"
)
TRANSPOSED = (
    "torch.ops.aten.convolution_backward"
    "(leaf(2, 6, 8, 9), leaf(2, 4, 4, 5), leaf(4, 3, 3, 2), (6,), (2, 2), (1, 1), (1, 1), True, (1, 1), 2, (True, True, True))"
)
SLOW_EXAMPLE = (
    "torch.ops.aten._slow_conv2d_backward(leaf(2, 6, 4, 3), leaf(2, 4, 7, 6), leaf(6, 4, 3, 2), (3, 2), (2, 3), (1, 1), (True, True, True))"
)

MPS_EXAMPLE = twice("F.conv2d(t := leaf(2, 4, 7, 6).to('mps'), u := leaf(6, 2, 3, 2).to('mps'), None, (2, 3), (2, 2), (2, 1), 2)", "t, u")
LINEAR_EXAMPLE = twice("F.linear(t := leaf(2, 3, 4).to('mps'), u := leaf(5, 4).to('mps'))", "t, u")


@shared(NODE)
def grad_grad_input(grads, input):
    return in_shape_of(grads[0], input)


@shared(NODE)
def grad_grad_weight(grads, weight):
    return in_shape_of(grads[1], weight)


@rule(NODE, edge=0, example=TRANSPOSED)
@rule(NODE, edge=0, example=EXAMPLE, when=lambda transposed: not transposed)
def convolution_backward_grad_output(
    grads, grad_grad_input, grad_grad_weight, input, weight, stride, padding, dilation, transposed, output_padding, groups
):
    by_input = torch.convolution(grad_grad_input, weight, None, stride, padding, dilation, transposed, output_padding, groups)
    by_weight = torch.convolution(input, grad_grad_weight, None, stride, padding, dilation, transposed, output_padding, groups)
    return by_input + by_weight + lined_up(grads[2], input)


@rule(NODE, edge=1, example=EXAMPLE, when=lambda transposed: not transposed)
def convolution_backward_input(grad_output, grad_grad_weight, shape, stride, padding, dilation, groups):
    unreached = positions_unreached(shape, grad_output, grad_grad_weight, stride, padding, dilation)
    return torch.convolution(grad_output, grad_grad_weight, None, stride, padding, dilation, True, unreached, groups)


@rule(NODE, edge=1, example=TRANSPOSED)
def convolution_backward_input__transposed(grad_output, grad_grad_weight, shape, stride, padding, dilation, output_padding, groups):
    gathered = torch.convolution(grad_output, grad_grad_weight, None, stride, padding, dilation, False, output_padding, groups)
    return corner(gathered, shape)


@rule(NODE, edge=2, example=EXAMPLE, when=lambda transposed: not transposed)
def convolution_backward_weight(grad_output, grad_grad_input, shape, stride, padding, dilation, groups):
    return correlate(grad_grad_input, grad_output, shape, stride, padding, dilation, groups)


@rule(NODE, edge=2, example=TRANSPOSED)
def convolution_backward_weight__transposed(grad_output, grad_grad_input, shape, stride, padding, dilation, groups):
    return correlate(grad_output, grad_grad_input, shape, stride, padding, dilation, groups)


@helper
def convolved(
    value: torch.Tensor,
    weight: torch.Tensor,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> torch.Tensor:
    """The plain convolution of the value by the weight, without a bias."""
    return torch.convolution(value, weight, None, stride, padding, dilation, False, [0] * len(stride), groups)


@shared(SLOW, MPS)
def grad_grad_self(grads, self):
    return in_shape_of(grads[0], self)


@shared(SLOW, MPS)
def grad_grad_weight__of_two(grads, weight):
    return in_shape_of(grads[1], weight)


@shared(SLOW)
def dilation():
    return (1, 1)


@shared(SLOW)
def groups():
    return 1


@rule(SLOW, edge=0, example=SLOW_EXAMPLE)
@rule(MPS, edge=1, example=MPS_EXAMPLE)
def plain_convolution_backward_grad_output(grads, grad_grad_self, grad_grad_weight, self, weight, stride, padding, dilation, groups):
    by_self = convolved(grad_grad_self, weight, stride, padding, dilation, groups)
    by_weight = convolved(self, grad_grad_weight, stride, padding, dilation, groups)
    return by_self + by_weight + lined_up(grads[2], self)


@rule(SLOW, edge=1, example=SLOW_EXAMPLE)
@rule(MPS, edge=0, example=MPS_EXAMPLE)
def plain_convolution_backward_self(grad_output, grad_grad_weight, shape, stride, padding, dilation, groups):
    unreached = positions_unreached(shape, grad_output, grad_grad_weight, stride, padding, dilation)
    return torch.convolution(grad_output, grad_grad_weight, None, stride, padding, dilation, True, unreached, groups)


@rule(SLOW, edge=2, example=SLOW_EXAMPLE)
@rule(MPS, edge=2, example=MPS_EXAMPLE)
def plain_convolution_backward_weight(grad_output, grad_grad_self, shape, stride, padding, dilation, groups):
    return correlate(grad_grad_self, grad_output, shape, stride, padding, dilation, groups)


@shared(LINEAR)
def grad_grad_self__linear(grads, self):
    return in_shape_of(grads[0], self)


@shared(LINEAR)
def grad_grad_weight__linear(grads, weight):
    return in_shape_of(grads[1], weight)


@rule(LINEAR, edge=1, example=LINEAR_EXAMPLE)
def linear_backward_grad_output(grads, grad_grad_self, grad_grad_weight, self, weight):
    return grad_grad_self @ weight.T + self @ grad_grad_weight.T + grads[2]


@rule(LINEAR, edge=0, example=LINEAR_EXAMPLE)
def linear_backward_self(grad_output, grad_grad_weight):
    return grad_output @ grad_grad_weight


@rule(LINEAR, edge=2, example=LINEAR_EXAMPLE)
def linear_backward_weight(grad_output, grad_grad_self):
    return rows(grad_output).T @ rows(grad_grad_self)

"""Derivatives of convolutions of one to three dimensions, plain and transposed: each is another convolution."""

import itertools

import torch
import torch.nn.functional as F

from byhand.rules.channels import sum_per_channel
from byhand.rules.table import forward, helper, rule

WITHIN = "leaf(2, 4, 7, 6), leaf(6, 2, 3, 2), leaf(6), (2, 3), (1, 2), (2, 1), False, (0, 0), 2"
TRANSPOSED = "leaf(2, 4, 4, 5), leaf(4, 3, 3, 2), leaf(6), (2, 2), (1, 1), (1, 1), True, (1, 1), 2"
ONCE = "False, False, True, True"
ELSEWHERE = WITHIN.replace("6), (2", "6).to('xpu'), (2")


def of_each(dimensions: int, *settings: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The settings with a number for each dimension; a single number stands for all of them."""
    return [tuple(numbers) * dimensions if len(numbers) == 1 else tuple(numbers) for numbers in settings]


@helper
def corner(value: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """Keeps the first positions of every dimension, as many as the size says."""
    for dim, length in enumerate(size):
        value = value.narrow(dim, 0, length) if value.shape[dim] > length else value
    return value


@helper
def positions_unreached(
    shape: tuple[int, ...],
    grad: torch.Tensor,
    weight: torch.Tensor,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> list[int]:
    """How many positions at the end of each dimension the last step of the kernel leaves out."""
    settings = of_each(len(shape) - 2, stride, padding, dilation)
    each = zip(shape[2:], grad.shape[2:], weight.shape[2:], *settings, strict=True)
    return [
        size + 2 * around - (steps - 1) * stride_of - spacing * (kernel - 1) - 1 for size, steps, kernel, stride_of, around, spacing in each
    ]


def met_at_each_place(
    signal: torch.Tensor,
    response: torch.Tensor,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> torch.Tensor:
    """As correlate, one place of the kernel after the other: faster where it is small or each channel has its own."""
    around = F.pad(signal, [side for width in reversed(padding) for side in (width, width)])
    responses = response.transpose(0, 1).reshape(groups, size[0] // groups, -1)
    met = []
    for place in itertools.product(*(range(kernel) for kernel in size[2:])):
        seen = around
        for dim, (offset, step, spacing) in enumerate(zip(place, stride, dilation, strict=True), 2):
            seen = seen.narrow(dim, offset * spacing, (response.shape[dim] - 1) * step + 1)
            seen = seen.unfold(dim, 1, step).squeeze(-1)
        signals = seen.transpose(0, 1).reshape(groups, size[1], -1)
        met.append(responses @ signals.mT)
    return torch.stack(met, -1).reshape(size)


@helper
def correlate(
    signal: torch.Tensor,
    response: torch.Tensor,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> torch.Tensor:
    """The response times the signal it met at each place of the kernel, summed over batch and positions.

    It is the convolution of the two with batch and channels exchanged, and so with stride and dilation exchanged.
    """
    if not signal.numel() or not response.numel():
        return signal.new_zeros(size)
    stride, padding, dilation = of_each(len(size) - 2, stride, padding, dilation)
    if signal.shape[1] == groups or all(kernel == 1 for kernel in size[2:]):
        return met_at_each_place(signal, response, size, stride, padding, dilation, groups)
    channels = signal.unflatten(1, (groups, signal.shape[1] // groups)).transpose(0, 2).flatten(1, 2)
    met = torch.convolution(channels, response.transpose(0, 1), None, dilation, padding, stride, False, [0] * len(stride), groups)
    return corner(met.transpose(0, 1), size)


@forward("ConvolutionBackward0", "ConvolutionBackward1", "ConvolutionOverrideableBackward0")
def convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    return torch.convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)


@rule("ConvolutionBackward0", edge=2, example="F.conv2d(const(2, 3, 5, 5), const(4, 3, 3, 3), leaf(4))")
@rule("ConvolutionBackward1", edge=2, example=f"torch._convolution({WITHIN}, {ONCE})")
@rule("ConvolutionOverrideableBackward0", edge=2, example=f"torch.ops.aten.convolution_overrideable({ELSEWHERE})")
def convolution_bias(grad):
    return sum_per_channel(grad)


@rule(
    "ConvolutionBackward0",
    edge=0,
    example="F.conv2d(leaf(2, 4, 7, 6), const(6, 2, 3, 2), stride=(2, 3), padding=(1, 2), dilation=(2, 1), groups=2)",
    when=lambda transposed: not transposed,
)
@rule("ConvolutionBackward1", edge=0, example=f"torch._convolution({WITHIN}, {ONCE})", when=lambda transposed: not transposed)
@rule(
    "ConvolutionOverrideableBackward0",
    edge=0,
    example=f"torch.ops.aten.convolution_overrideable({ELSEWHERE})",
    when=lambda transposed: not transposed,
)
def convolution_input(grad, weight, shape, stride, padding, dilation, groups):
    unreached = positions_unreached(shape, grad, weight, stride, padding, dilation)
    return torch.convolution(grad, weight, None, stride, padding, dilation, True, unreached, groups)


@rule(
    "ConvolutionBackward0",
    edge=0,
    example="F.conv_transpose2d(leaf(2, 4, 4, 5), const(4, 3, 3, 2), stride=2, padding=1, output_padding=1, groups=2)",
)
@rule("ConvolutionBackward1", edge=0, example=f"torch._convolution({TRANSPOSED}, {ONCE})")
@rule("ConvolutionOverrideableBackward0", edge=0, example=f"torch.ops.aten.convolution_overrideable({ELSEWHERE})")
def convolution_input__transposed(grad, weight, shape, stride, padding, dilation, output_padding, groups):
    gathered = torch.convolution(grad, weight, None, stride, padding, dilation, False, output_padding, groups)
    return corner(gathered, shape)


@rule(
    "ConvolutionBackward0",
    edge=1,
    example="F.conv2d(const(2, 4, 7, 6), leaf(6, 2, 3, 2), stride=(2, 3), padding=(1, 2), dilation=(2, 1), groups=2)",
    when=lambda transposed: not transposed,
)
@rule("ConvolutionBackward1", edge=1, example=f"torch._convolution({WITHIN}, {ONCE})", when=lambda transposed: not transposed)
@rule(
    "ConvolutionOverrideableBackward0",
    edge=1,
    example=f"torch.ops.aten.convolution_overrideable({ELSEWHERE})",
    when=lambda transposed: not transposed,
)
def convolution_weight(grad, input, shape, stride, padding, dilation, groups):
    return correlate(input, grad, shape, stride, padding, dilation, groups)


@rule(
    "ConvolutionBackward0",
    edge=1,
    example="F.conv_transpose2d(const(2, 4, 4, 5), leaf(4, 3, 3, 2), stride=2, padding=1, output_padding=1, groups=2)",
)
@rule("ConvolutionBackward1", edge=1, example=f"torch._convolution({TRANSPOSED}, {ONCE})")
@rule("ConvolutionOverrideableBackward0", edge=1, example=f"torch.ops.aten.convolution_overrideable({ELSEWHERE})")
def convolution_weight__transposed(grad, input, shape, stride, padding, dilation, groups):
    return correlate(grad, input, shape, stride, padding, dilation, groups)

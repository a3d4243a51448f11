"""Derivatives of the derivatives of sampling a picture along a grid.

A sample moves with its place, so the second derivatives hold the taps' slopes once where a place moved, twice where it moves again.
"""

import torch

from byhand.rules.helpers import in_shape_of
from byhand.rules.sampling import (
    CUDNN_TWICE,
    FALLBACK_TWICE,
    FLAT_TWICE,
    SOLID_TWICE,
    combinations,
    flat_pixels,
    read_by_samples,
    slope_along_grid,
    tap_weight,
)
from byhand.rules.table import helper, rule, shared
from byhand.rules.twice import twice

EXAMPLE = twice(
    "F.grid_sample(t := leaf(2, 3, 4, 5), u := leaf(2, 3, 2, 2) / 2, mode='bicubic', padding_mode='reflection', align_corners=False)",
    "t, u",
)
EXAMPLE_FALLBACK = twice(
    "torch._grid_sampler_2d_cpu_fallback(t := leaf(2, 3, 4, 6), u := leaf(2, 3, 2, 2) / 20, 0, 0, False).mul(0.25)", "t, u"
)
EXAMPLE_SOLID = twice("F.grid_sample(t := leaf(2, 3, 4, 5, 3), u := leaf(2, 3, 2, 2, 3), align_corners=True)", "t, u")
ON_DEVICE = twice("torch.cudnn_grid_sampler(t := leaf(2, 3, 4, 5).cuda(), u := leaf(2, 3, 2, 2).cuda())", "t, u")
Taps = tuple[tuple[torch.Tensor, ...], ...]


def tap_slope(steps: torch.Tensor, every_taps: Taps, chosen: tuple[int, ...], *moving: int) -> torch.Tensor:
    """How fast the weight of the chosen pixel, or its derivative, grows as every place takes its step; x comes first in the steps."""
    last = len(every_taps) - 1
    return torch.stack([steps[..., last - dim] * tap_weight(every_taps, chosen, dim, *moving) for dim in range(last + 1)]).sum(0)


@helper
def sampled_again(grad_grad_input: torch.Tensor, steps: torch.Tensor, every_taps: Taps, input: torch.Tensor) -> torch.Tensor:
    """The samples of the one picture, plus how fast those of the other grow as every place takes its step."""
    samples = input.new_zeros(*input.shape[:2], *steps.shape[1:-1])
    for chosen in combinations(every_taps):
        number = flat_pixels(every_taps, chosen, input.shape)
        pixels, moving = (picture.flatten(2).gather(2, number).reshape(samples.shape) for picture in (grad_grad_input, input))
        weight, slope = tap_weight(every_taps, chosen), tap_slope(steps, every_taps, chosen)
        samples = samples + pixels * weight.unsqueeze(1) + moving * slope.unsqueeze(1)
    return samples


@helper
def give_steps_to_pixels(grad: torch.Tensor, steps: torch.Tensor, every_taps: Taps, shape: tuple[int, ...]) -> torch.Tensor:
    """Adds to every pixel the gradient of each sample that read it, times how fast its weight grows as every place takes its step."""
    pictures = grad.new_zeros(shape).flatten(2)
    for chosen in combinations(every_taps):
        slope = tap_slope(steps, every_taps, chosen).unsqueeze(1)
        pictures = pictures.scatter_add(2, flat_pixels(every_taps, chosen, shape), (grad * slope).flatten(2))
    return pictures.reshape(shape)


@helper
def bend_along_grid(grad: torch.Tensor, steps: torch.Tensor, every_taps: Taps, input: torch.Tensor) -> torch.Tensor:
    """How fast the samples' growth by their steps, weighted by their gradient, grows as their places move; x first, as in the grid."""
    bends = [torch.zeros_like(grad[:, 0]) for _ in every_taps]
    for chosen in combinations(every_taps):
        read = read_by_samples(grad, input, every_taps, chosen)
        bends = [bend + read * tap_slope(steps, every_taps, chosen, dim) for dim, bend in enumerate(bends)]
    return torch.stack(bends[::-1], -1)


@shared(CUDNN_TWICE)
def input__cudnn(self):
    return self


@shared(FLAT_TWICE, FALLBACK_TWICE, CUDNN_TWICE, SOLID_TWICE)
def grad_grad_input(grads, input):
    return in_shape_of(grads[0], input)


@shared(FLAT_TWICE, FALLBACK_TWICE, CUDNN_TWICE, SOLID_TWICE)
def steps(grads, grid):
    return in_shape_of(grads[1], grid)


@rule(FLAT_TWICE, edge=0, example=EXAMPLE)
@rule(FALLBACK_TWICE, edge=0, example=EXAMPLE_FALLBACK)
@rule(CUDNN_TWICE, edge=2, example=ON_DEVICE)
@rule(SOLID_TWICE, edge=0, example=EXAMPLE_SOLID)
def grid_sampler_backward_grad_output(grad_grad_input, steps, every_taps, input):
    return sampled_again(grad_grad_input, steps, every_taps, input)


@rule(FLAT_TWICE, edge=1, example=EXAMPLE)
@rule(FALLBACK_TWICE, edge=1, example=EXAMPLE_FALLBACK)
@rule(SOLID_TWICE, edge=1, example=EXAMPLE_SOLID)
def grid_sampler_backward_input(grad_output, steps, every_taps, shape):
    return give_steps_to_pixels(grad_output, steps, every_taps, shape)


@rule(CUDNN_TWICE, edge=0, example=ON_DEVICE)
def cudnn_grid_sampler_backward_self(grad_output, steps, every_taps, shape):
    return give_steps_to_pixels(grad_output, steps, every_taps, shape)


@rule(FLAT_TWICE, edge=2, example=EXAMPLE)
@rule(FALLBACK_TWICE, edge=2, example=EXAMPLE_FALLBACK)
@rule(CUDNN_TWICE, edge=1, example=ON_DEVICE)
@rule(SOLID_TWICE, edge=2, example=EXAMPLE_SOLID)
def grid_sampler_backward_grid(grad_output, grad_grad_input, steps, every_taps, input):
    by_picture = slope_along_grid(grad_output, every_taps, grad_grad_input)
    return by_picture + bend_along_grid(grad_output, steps, every_taps, input)

"""Derivatives of sampling a picture along a grid: each sample is a weighted sum of the pixels (taps) around its place."""

import itertools
import math
from collections.abc import Iterator

import torch

from byhand.rules.table import helper, rule, shared

BILINEAR, NEAREST, CUBIC = 0, 1, 2
ZEROS, BORDER, REFLECTION = 0, 1, 2
FLAT = "GridSampler2DBackward0"
SOLID = "GridSampler3DBackward0"
FALLBACK = "GridSampler2DCpuFallbackBackward0"
CUDNN = "CudnnGridSamplerBackward0"
FLAT_TWICE = "GridSampler2DBackwardBackward0"
FALLBACK_TWICE = "GridSampler2DCpuFallbackBackwardBackward0"
CUDNN_TWICE = "CudnnGridSamplerBackwardBackward0"
SOLID_TWICE = "GridSampler3DBackwardBackward0"
EXAMPLE = "F.grid_sample(leaf(2, 3, 4, 5), leaf(2, 3, 2, 2), padding_mode='reflection', align_corners=False)"
EXAMPLE_FALLBACK = "torch._grid_sampler_2d_cpu_fallback(leaf(2, 3, 4, 6), leaf(2, 3, 2, 2) / 20, 0, 0, False)"
EXAMPLE_ON_DEVICE = "torch.cudnn_grid_sampler(leaf(2, 3, 4, 5).cuda(), leaf(2, 3, 2, 2).cuda())"
EXAMPLE_SOLID = "F.grid_sample(leaf(2, 3, 4, 5, 3), leaf(2, 3, 2, 2, 3), align_corners=True)"
CUBIC_A = -0.75


def reflected(place: torch.Tensor, size: int, align_corners: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The place folded back into the picture at its edges, and the sign of its slope."""
    low, span = (0.0, size - 1) if align_corners else (-0.5, size)
    if not span:
        return torch.zeros_like(place), torch.zeros_like(place)
    distance = (place - low).abs()
    folds = (distance / span).floor()
    rest = distance - folds * span
    even = folds % 2 == 0
    sign = torch.where(place < low, -1.0, 1.0) * torch.where(even, 1.0, -1.0)
    return torch.where(even, rest, span - rest) + low, sign.to(place.dtype)


def padded(place: torch.Tensor, size: int, padding_mode: int, align_corners: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The place that is read instead of one outside the picture, and its slope."""
    slope = torch.ones_like(place)
    if padding_mode == REFLECTION:
        place, slope = reflected(place, size, align_corners)
    if padding_mode != ZEROS:
        slope = torch.where((place > 0) & (place < size - 1), slope, 0)
        place = place.clamp(0, size - 1)
    return place, slope


def cubic(fraction: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The weights of the four pixels around a place, their slopes, and how fast those grow."""
    weights, slopes, bends = [], [], []
    for pixel in range(-1, 3):
        distance = (fraction - pixel).abs()
        side = torch.where(fraction < pixel, -1.0, 1.0)
        if pixel in (0, 1):
            weights.append(((CUBIC_A + 2) * distance - (CUBIC_A + 3)) * distance**2 + 1)
            slopes.append(side * (3 * (CUBIC_A + 2) * distance - 2 * (CUBIC_A + 3)) * distance)
            bends.append(6 * (CUBIC_A + 2) * distance - 2 * (CUBIC_A + 3))
        else:
            weights.append(CUBIC_A * (((distance - 5) * distance + 8) * distance - 4))
            slopes.append(side * CUBIC_A * ((3 * distance - 10) * distance + 8))
            bends.append(CUBIC_A * (6 * distance - 10))
    return torch.stack(weights), torch.stack(slopes), torch.stack(bends)


@helper
def taps(coordinate: torch.Tensor, size: int, interpolation_mode: int, padding_mode: int, align_corners: bool) -> tuple[torch.Tensor, ...]:
    """The pixels that each sample reads along one dimension, the weight of each, and the weight's first and second derivative."""
    unit = (size - 1) / 2 if align_corners else size / 2
    place, slope = (coordinate + 1) * unit - (0 if align_corners else 0.5), torch.ones_like(coordinate)
    if interpolation_mode != CUBIC:
        place, slope = padded(place, size, padding_mode, align_corners)
    floor = place.floor()
    if interpolation_mode == NEAREST:
        pixels, weights = place.round().unsqueeze(0), torch.ones_like(place).unsqueeze(0)
        slopes, bends = torch.zeros_like(weights), torch.zeros_like(weights)
    elif interpolation_mode == CUBIC:
        pixels = torch.stack([floor - 1, floor, floor + 1, floor + 2])
        weights, slopes, bends = cubic(place - floor)
        pixels, _ = padded(pixels, size, padding_mode, align_corners)
    else:
        pixels, weights = torch.stack([floor, floor + 1]), torch.stack([floor + 1 - place, place - floor])
        slopes, bends = torch.stack([-torch.ones_like(place), torch.ones_like(place)]), torch.zeros_like(weights)
    inside = (pixels >= 0) & (pixels <= size - 1)
    unit_slope = slope * unit
    return pixels.long().clamp(0, size - 1), weights * inside, slopes * inside * unit_slope, bends * inside * unit_slope**2


def combinations(every_taps: tuple[tuple[torch.Tensor, ...], ...]) -> Iterator[tuple[int, ...]]:
    """One tap of each dimension, in every combination."""
    return itertools.product(*(range(len(weights)) for _, weights, *_ in every_taps))


def flat_pixels(every_taps: tuple[tuple[torch.Tensor, ...], ...], chosen: tuple[int, ...], shape: tuple[int, ...]) -> torch.Tensor:
    """The number of the chosen pixel in every flattened picture: (batch, channels, samples)."""
    number = torch.zeros_like(every_taps[0][0][0])
    for (pixels, *_), tap, length in zip(every_taps, chosen, shape[2:], strict=True):
        number = number * length + pixels[tap]
    return number.flatten(1).unsqueeze(1).expand(-1, shape[1], -1)


def tap_weight(every_taps: tuple[tuple[torch.Tensor, ...], ...], chosen: tuple[int, ...], *moving: int) -> torch.Tensor:
    """The weight of the chosen pixel in each sample; its derivative if the place moves along these dimensions."""
    factors = [every_taps[dim][1 + moving.count(dim)][tap] for dim, tap in enumerate(chosen)]
    return math.prod(factors[1:], start=factors[0])


@helper
def give_to_pixels(grad: torch.Tensor, every_taps: tuple[tuple[torch.Tensor, ...], ...], shape: tuple[int, ...]) -> torch.Tensor:
    """Adds to every pixel the gradient of each sample that read it, times the weight it was read with."""
    pictures = grad.new_zeros(shape).flatten(2)
    for chosen in combinations(every_taps):
        weight = tap_weight(every_taps, chosen).unsqueeze(1)
        pictures = pictures.scatter_add(2, flat_pixels(every_taps, chosen, shape), (grad * weight).flatten(2))
    return pictures.reshape(shape)


def read_by_samples(
    grad: torch.Tensor, input: torch.Tensor, every_taps: tuple[tuple[torch.Tensor, ...], ...], chosen: tuple[int, ...]
) -> torch.Tensor:
    """The chosen pixel of each sample times the sample's gradient, summed over the channels."""
    read = input.flatten(2).gather(2, flat_pixels(every_taps, chosen, input.shape))
    return (grad.flatten(2) * read).sum(1).reshape(grad[:, 0].shape)


@helper
def slope_along_grid(grad: torch.Tensor, every_taps: tuple[tuple[torch.Tensor, ...], ...], input: torch.Tensor) -> torch.Tensor:
    """How fast the samples, weighted by their gradient, grow as their places move along each dimension; x first, as in the grid."""
    slopes = [torch.zeros_like(grad[:, 0]) for _ in every_taps]
    for chosen in combinations(every_taps):
        read = read_by_samples(grad, input, every_taps, chosen)
        slopes = [slope + read * tap_weight(every_taps, chosen, dim) for dim, slope in enumerate(slopes)]
    return torch.stack(slopes[::-1], -1)


@shared(FLAT, FALLBACK, FLAT_TWICE, FALLBACK_TWICE)
def every_taps(grid, input, interpolation_mode, padding_mode, align_corners):
    rows = taps(grid[..., 1], input.shape[2], interpolation_mode, padding_mode, align_corners)
    columns = taps(grid[..., 0], input.shape[3], interpolation_mode, padding_mode, align_corners)
    return (rows, columns)


@shared(SOLID, SOLID_TWICE)
def every_taps__solid(grid, input, interpolation_mode, padding_mode, align_corners):
    planes = taps(grid[..., 2], input.shape[2], interpolation_mode, padding_mode, align_corners)
    rows = taps(grid[..., 1], input.shape[3], interpolation_mode, padding_mode, align_corners)
    columns = taps(grid[..., 0], input.shape[4], interpolation_mode, padding_mode, align_corners)
    return (planes, rows, columns)


@shared(CUDNN, CUDNN_TWICE)
def every_taps__on_device(grid, self):
    rows = taps(grid[..., 1], self.shape[2], BILINEAR, ZEROS, True)
    columns = taps(grid[..., 0], self.shape[3], BILINEAR, ZEROS, True)
    return (rows, columns)


@rule(FLAT, edge=0, example=EXAMPLE)
@rule(FALLBACK, edge=0, example=EXAMPLE_FALLBACK)
@rule(SOLID, edge=0, example=EXAMPLE_SOLID)
def grid_sampler_input(grad, every_taps, shape):
    return give_to_pixels(grad, every_taps, shape)


@rule(CUDNN, edge=0, example=EXAMPLE_ON_DEVICE)
def grid_sampler_self(grad, every_taps, shape):
    return give_to_pixels(grad, every_taps, shape)


@rule(CUDNN, edge=1, example=EXAMPLE_ON_DEVICE)
def grid_sampler_grid__on_device(grad, every_taps, self):
    return slope_along_grid(grad, every_taps, self)


@rule(FLAT, edge=1, example=EXAMPLE)
@rule(FALLBACK, edge=1, example=EXAMPLE_FALLBACK)
@rule(SOLID, edge=1, example=EXAMPLE_SOLID)
def grid_sampler_grid(grad, every_taps, input):
    return slope_along_grid(grad, every_taps, input)

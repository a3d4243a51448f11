"""Derivatives of the grid of places that an affine map makes: each place is the map times a fixed point."""

import torch

from byhand.rules.table import forward, helper, rule, shared

CUDNN = "CudnnAffineGridGeneratorBackward0"


@helper
def points(size: tuple[int, ...], align_corners: bool, like: torch.Tensor) -> torch.Tensor:
    """The points that the map is applied to, x first and a 1 at the end: one row for each place of the grid."""
    lines = []
    for length in size[2:]:
        line = torch.linspace(-1, 1, length, dtype=like.dtype, device=like.device) if length > 1 else like.new_zeros(length)
        lines.append(line if align_corners else line * (length - 1) / length)
    along_each = torch.meshgrid(*lines, indexing="ij")
    return torch.stack([*reversed(along_each), torch.ones_like(along_each[0])], -1).flatten(0, -2)


@shared(CUDNN)
def size(N, C, H, W):
    return (N, C, H, W)


@shared(CUDNN)
def align_corners():
    return True


@rule(
    "AffineGridGeneratorBackward0",
    edge=0,
    example="(F.affine_grid(leaf(2, 2, 3), (2, 3, 4, 1), False), F.affine_grid(leaf(2, 3, 4), (2, 3, 4, 5, 2), True))",
)
@rule(CUDNN, edge=0, example="torch.cudnn_affine_grid_generator(leaf(2, 2, 3).cuda(), 2, 3, 4, 5)")
def affine_grid_generator_theta(grad, size, align_corners):
    return grad.flatten(1, -2).mT @ points(size, align_corners, grad)


@forward("AffineGridGeneratorBackward0")
def affine_grid_generator(theta, size, align_corners):
    return torch.affine_grid_generator(theta, size, align_corners)

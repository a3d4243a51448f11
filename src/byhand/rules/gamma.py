"""The derivative of a draw from the gamma distribution: how the draw moves with the shape while its probability stays what it was."""

import torch

from byhand.rules.table import helper, rule

SERIES = 100_000  # terms; as many as the draw is large, and some dozens
APPROXIMATED = 5e-3  # PyTorch's kernel joins expansions that are off by so much of the derivative where they meet


@helper
def draw_by_shape(shape: torch.Tensor, draw: torch.Tensor) -> torch.Tensor:
    """How fast a draw of the gamma distribution grows with the shape, at the same quantile: the power series of the distribution."""
    wide_shape, wide_draw = shape.double(), draw.double()
    term = 1 / wide_shape
    slope = torch.log(wide_draw) - torch.digamma(wide_shape + 1)
    total = term * slope
    for number in range(1, SERIES):
        term = term * wide_draw / (wide_shape + number)
        slope = slope - 1 / (wide_shape + number)
        total = total + term * slope
        if not number % 16 and bool(((term * slope).abs() <= 1e-17 * total.abs()).all()):
            break
    return -(wide_draw * total).to(draw.dtype)


@rule("StandardGammaBackward0", edge=0, example="torch._standard_gamma(positive(*x.shape))", accuracy=APPROXIMATED)
def standard_gamma_self(grad, self, result):
    return grad * draw_by_shape(self, result)

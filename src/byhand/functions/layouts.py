"""The layouts in which a gradient may arrive: the same numbers, laid out in memory as other operations lay them out."""

from collections.abc import Callable
from typing import NamedTuple

import torch

OFFSET = 3  # elements before and after each row of a slice


class Layout(NamedTuple):
    """One layout: its name, what makes such a gradient in a program, and the change; None where a tensor cannot have it.

    `constant` says that it holds one number again and again, so that only a constant gradient can be laid out so.
    """

    name: str
    source: str
    change: Callable[[torch.Tensor], torch.Tensor | None]
    constant: bool = False


def transposed(grad: torch.Tensor) -> torch.Tensor | None:
    """The last two dimensions the other way round in memory."""
    return grad.transpose(-1, -2).contiguous().transpose(-1, -2) if grad.dim() > 1 and min(grad.shape[-2:]) > 1 else None


def every_second(grad: torch.Tensor) -> torch.Tensor | None:
    """Every second element of a tensor twice as wide."""
    if not grad.dim() or grad.shape[-1] < 2:
        return None
    wide = _filler((*grad.shape[:-1], 2 * grad.shape[-1]), grad)
    wide[..., ::2] = grad
    return wide[..., ::2]


def sliced(grad: torch.Tensor) -> torch.Tensor | None:
    """The middle of a larger tensor: it starts later in memory, and its rows are further apart."""
    if not grad.dim() or not grad.numel():
        return None
    wide = _filler((*grad.shape[:-1], grad.shape[-1] + 2 * OFFSET), grad)
    wide[..., OFFSET:-OFFSET] = grad
    return wide[..., OFFSET:-OFFSET]


def channels_last(grad: torch.Tensor) -> torch.Tensor | None:
    """Images with their channels next to one another."""
    if grad.dim() != 4 or grad.shape[1] < 2 or grad.shape[2] * grad.shape[3] < 2:
        return None
    return grad.contiguous(memory_format=torch.channels_last)


def expanded(grad: torch.Tensor) -> torch.Tensor | None:
    """One number, repeated without memory."""
    return grad.new_ones(()).expand(grad.shape) if grad.numel() > 1 else None


def repeated(grad: torch.Tensor) -> torch.Tensor | None:
    """One row, repeated without memory."""
    if grad.dim() < 2 or grad.shape[0] < 2 or grad[0].numel() < 2:
        return None
    return grad[:1].contiguous().expand(grad.shape)


LAYOUTS = (
    Layout("transposed", "a transposition after it: out.T, out.mT, out.transpose(1, 2)", transposed),
    Layout("sliced with an offset", "torch.cat after it, which hands out pieces of one gradient", sliced),
    Layout("every second element", "an operation on pairs after it, such as torch.view_as_complex or torch.stack(..., -1)", every_second),
    Layout("channels-last", "a convolution in channels_last after it", channels_last),
    Layout("one number expanded", "out.sum() after it", expanded, constant=True),
    Layout("one row expanded", "out.sum(0) after it", repeated, constant=True),
)


def _filler(shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
    """Numbers that belong to somebody else: whoever reads them shows it."""
    generator = torch.Generator(like.device).manual_seed(1)
    real = torch.randn(shape, generator=generator, device=like.device, dtype=torch.float32)
    return (3 + real.abs()).to(like.dtype)

"""Derivatives of the Fourier transforms: each one's transpose is the transform the other way, with the same scale."""

import torch

from byhand.rules.table import forward, helper, rule


@helper
def same_scale(normalization: int, transform: str) -> str:
    """The `norm` that makes torch.fft scale like the forward pass did: not at all, by 1/√n or by 1/n."""
    towards = {"forward": ("backward", "ortho", "forward"), "inverse": ("forward", "ortho", "backward")}
    return towards[transform][normalization]


@rule("FftC2CBackward0", edge=0, example="torch.fft.fftn(torch.complex(x, y), norm='forward')", when=lambda forward: forward)
def fft_c2c_self(grad, dim, normalization):
    return torch.fft.ifftn(grad, dim=dim, norm=same_scale(normalization, "inverse"))


@rule("FftC2CBackward0", edge=0, example="torch.fft.ifftn(torch.complex(x, y))")
def fft_c2c_self__inverse(grad, dim, normalization):
    return torch.fft.fftn(grad, dim=dim, norm=same_scale(normalization, "forward"))


@rule("FftR2CBackward0", edge=0, example="torch.fft.rfftn(x, norm='ortho')")
def fft_r2c_self(grad, shape, dim, normalization):
    whole = grad.new_zeros(shape).slice_scatter(grad, dim[-1], 0, grad.shape[dim[-1]])
    return torch.fft.ifftn(whole, dim=dim, norm=same_scale(normalization, "inverse")).real


@helper
def times_met(length: int, number: int, grad: torch.Tensor, dim: int) -> torch.Tensor:
    """How often each frequency of a half spectrum stands in the whole one: twice, but once for 0 and for the highest of an even number."""
    frequency = torch.arange(length, device=grad.device)
    times = torch.where((frequency == 0) | (2 * frequency == number), 1, 2)
    return times.reshape(-1, *(1 for _ in range(grad.dim() - 1 - dim % grad.dim())))


@rule(
    "FftC2RBackward0",
    edge=0,
    example="(torch.fft.irfftn(torch.complex(x, y)), torch.fft.irfft(torch.complex(x, y), n=7, dim=0, norm='ortho'))",
)
def fft_c2r_self(grad, shape, dim, normalization):
    spectrum = torch.fft.rfftn(grad, dim=dim, norm=same_scale(normalization, "forward"))
    return spectrum * times_met(shape[dim[-1]], grad.shape[dim[-1]], grad, dim[-1])


@forward("FftC2CBackward0")
def fft_c2c(self, dim, normalization, forward):
    return fourier(self, dim, normalization, forward)


@helper
def fourier(value: torch.Tensor, dim: tuple[int, ...], normalization: int, forward: bool) -> torch.Tensor:
    """The Fourier transform over these dimensions, forward or back."""
    if forward:
        return torch.fft.fftn(value, dim=dim, norm=same_scale(normalization, "forward"))
    return torch.fft.ifftn(value, dim=dim, norm=same_scale(normalization, "inverse"))


@forward("FftR2CBackward0")
def fft_r2c(self, dim, normalization):
    return torch.fft.rfftn(self, dim=dim, norm=same_scale(normalization, "forward"))


@forward("FftC2RBackward0")
def fft_c2r(self, dim, normalization, last_dim_size):
    return torch.fft.irfft(self, last_dim_size, dim[-1], same_scale(normalization, "inverse"))

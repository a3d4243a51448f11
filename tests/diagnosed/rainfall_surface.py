"""Fit a Gaussian process to rain gauges, double precision."""

import math

import torch
from torch import nn


class RainProcess(nn.Module):
    def __init__(self):
        super().__init__()
        self.log_length = nn.Parameter(torch.tensor(-1.6))
        self.log_power = nn.Parameter(torch.tensor(0.0))
        self.log_noise = nn.Parameter(torch.tensor(-1.0))

    def kernel(self, place):
        gap = (place[:, None] - place[None, :]).square().sum(dim=-1)
        length = math.exp(self.log_length)  # <-- here
        smooth = self.log_power.exp() * torch.exp(-0.5 * gap / length**2)
        return smooth + self.log_noise.exp() * torch.eye(len(place), dtype=place.dtype)

    def forward(self, place, rain):
        factor = torch.linalg.cholesky(self.kernel(place))
        white = torch.linalg.solve_triangular(factor, rain[:, None], upper=False)
        return 0.5 * white.square().sum() + factor.diagonal().log().sum()


torch.manual_seed(60)
place = torch.rand(50, 2, dtype=torch.float64)
rain = torch.sin(4 * place[:, 0]) + torch.cos(3 * place[:, 1]) + 0.1 * torch.randn(50, dtype=torch.float64)
process = RainProcess().double()
optimizer = torch.optim.LBFGS(process.parameters(), max_iter=4, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = process(place, rain)
    loss.backward()
    return loss


for _ in range(4):
    print("negative log likelihood", optimizer.step(closure).item())
print("length", process.log_length.exp().item())

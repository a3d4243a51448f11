"""Two-stage nonlinear filter for tide gauges that reuses one work array."""

import torch
from torch import nn


class Squash(torch.autograd.Function):
    @staticmethod
    def forward(ctx, level, work):
        work.copy_(level.tanh())  # <-- here
        ctx.squashed = work  # <-- or here
        return work.clone()

    @staticmethod
    def backward(ctx, grad_output):  # <-- or here
        return grad_output * (1 - ctx.squashed.square()), None  # <-- or here


class TideFilter(nn.Module):
    def __init__(self, gauges):
        super().__init__()
        self.coarse = nn.Linear(gauges, gauges)
        self.fine = nn.Linear(gauges, gauges)
        self.register_buffer("work", torch.empty(48, gauges))

    def forward(self, level):
        coarse = Squash.apply(self.coarse(level), self.work)  # <-- or here
        return Squash.apply(self.fine(coarse), self.work)  # <-- or here


torch.manual_seed(56)
tide = TideFilter(10)
optimizer = torch.optim.SGD(tide.parameters(), lr=0.1)
level = torch.randn(48, 10)
target = 0.5 * level.roll(1, dims=0).tanh()
for _ in range(3):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(tide(level), target)
    loss.backward()
    optimizer.step()
    print("loss", loss.item())

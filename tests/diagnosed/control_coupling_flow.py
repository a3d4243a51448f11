"""The density of two correlated measurements."""

import math

import torch
from torch import nn


class Coupling(nn.Module):
    def __init__(self, flip):
        super().__init__()
        self.flip = flip
        self.net = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 2))
        nn.init.zeros_(self.net[-1].weight)
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, x):
        first, second = x.flip(1).unbind(1) if self.flip else x.unbind(1)
        log_scale, shift = self.net(first[:, None]).unbind(1)
        log_scale = torch.tanh(log_scale)
        second = second * log_scale.exp() + shift
        return torch.stack([first, second], dim=1), log_scale


torch.manual_seed(88)
a = torch.randn(256)
data = torch.stack([a, a.square() / 2 + 0.3 * torch.randn(256)], dim=1)
layers = nn.ModuleList(Coupling(bool(i % 2)) for i in range(4))
optimizer = torch.optim.Adam(layers.parameters(), lr=1e-2)
for step in range(60):
    z, log_det = data, torch.zeros(256)
    for layer in layers:
        z, change = layer(z)
        log_det = log_det + change
    loss = (0.5 * z.square().sum(dim=1) + math.log(2 * math.pi) - log_det).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 15 == 0:
        print(step, loss.item())

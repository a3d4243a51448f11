"""Forecast the load of a power grid from changes of the meter counts, in mixed precision."""

import torch
from torch import nn


class GatedBlock(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.gate = nn.Linear(width, inner)
        self.value = nn.Linear(width, inner)
        self.out = nn.Linear(inner, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, hidden):
        gated = nn.functional.gelu(self.gate(hidden)) * self.value(hidden)
        return self.norm(self.out(gated))


torch.manual_seed(46)
model = nn.Sequential(GatedBlock(48, 96), nn.Linear(48, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
change = 1500 * torch.randn(64, 48)
load = change[:, :1] / 1500
for step in range(3):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        forecast = model(change)
    loss = nn.functional.mse_loss(forecast.float(), load)
    loss.backward()
    optimizer.step()
    print(step, loss.item())

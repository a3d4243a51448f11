"""Predict tomorrow's river level."""

import torch
from torch import nn


class River(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 24, batch_first=True)
        self.out = nn.Linear(24, 1)

    def forward(self, levels):
        states, _ = self.gru(levels)
        return self.out(states[:, -1])


torch.manual_seed(10)
phase = torch.rand(96, 1) * 6
days = torch.arange(21)
levels = torch.sin(0.4 * days + phase) + 0.05 * torch.randn(96, 21)
past, tomorrow = levels[:, :-1, None], levels[:, -1:]
model = River()
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
for epoch in range(15):
    for x, y in zip(past.split(32), tomorrow.split(32), strict=True):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item(), "norm", norm.item())

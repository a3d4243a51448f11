"""Concrete strength from its mixture."""

import torch
from torch import nn

torch.manual_seed(50)
mixture = torch.randn(300, 8)
strength = (mixture[:, :3].abs().sum(dim=1, keepdim=True) - 2) / 2
model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 12), nn.ReLU(), nn.Linear(12, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(12):
    for x, y in zip(mixture.split(50), strength.split(50), strict=True):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 4 == 0:
        print(epoch, loss.item())

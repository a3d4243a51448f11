"""Delivery times with their quantiles."""

import torch
from torch import nn


def pinball(prediction, target, levels):
    error = target[:, None] - prediction
    return torch.maximum(levels * error, (levels - 1) * error).mean()


torch.manual_seed(74)
distance = torch.rand(300, 1)
hours = 2 * distance.squeeze(1) + distance.squeeze(1) * torch.randn(300)
levels = torch.tensor([0.1, 0.5, 0.9])
model = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(80):
    loss = pinball(model(distance), hours, levels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        print(epoch, loss.item())
with torch.no_grad():
    print("below", (hours[:, None] < model(distance)).float().mean(dim=0).tolist())

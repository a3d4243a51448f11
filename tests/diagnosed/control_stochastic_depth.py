"""Stochastic depth on customer histories."""

import random

import torch
from torch import nn


class Skipping(nn.Module):
    def __init__(self, width, depth, keep):
        super().__init__()
        self.layers = nn.ModuleList(nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU()) for _ in range(depth))
        self.keep = keep

    def forward(self, x):
        for layer in self.layers:
            if not self.training:
                x = x + self.keep * layer(x)
            elif random.random() < self.keep:
                x = x + layer(x)
        return x


random.seed(85)
torch.manual_seed(85)
histories = torch.randn(160, 16)
leaves = (histories[:, :2].prod(dim=1) > 0).long()
model = nn.Sequential(Skipping(16, 5, 0.8), nn.Linear(16, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(10):
    model.train()
    for x, y in zip(histories.split(40), leaves.split(40), strict=True):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, nn.functional.cross_entropy(model(histories), leaves).item())

"""Twelve residual layers on the features of wines."""

import torch
from torch import nn


class PreNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.net = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x):
        return x + self.net(self.norm(x)) / 3


torch.manual_seed(69)
wines = torch.randn(180, 11)
grade = (wines[:, 0] * wines[:, 1] + wines[:, 2]).sign().add(1).div(2).long()
model = nn.Sequential(nn.Linear(11, 24), *[PreNorm(24) for _ in range(12)], nn.LayerNorm(24), nn.Linear(24, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
for epoch in range(8):
    for x, y in zip(wines.split(60), grade.split(60), strict=True):
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

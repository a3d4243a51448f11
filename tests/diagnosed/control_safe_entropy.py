"""Sparse topic shares with an entropy term and a root transform."""

import torch
from torch import nn

torch.manual_seed(46)
counts = torch.poisson(torch.rand(64, 12))
shares = counts / counts.sum(dim=1, keepdim=True).clamp(min=1)
wanted = 2 * shares[:, :1].sqrt() - shares[:, 1:2].sqrt()
gate = nn.Linear(12, 12)
head = nn.Linear(24, 1)
optimizer = torch.optim.Adam([*gate.parameters(), *head.parameters()], lr=1e-2)
for step in range(80):
    scaled = shares * gate(shares).sigmoid()
    present = scaled > 0
    safe = torch.where(present, scaled, torch.ones_like(scaled))
    root = torch.where(present, safe.sqrt(), torch.zeros_like(scaled))
    entropy = torch.where(present, -safe * safe.log(), torch.zeros_like(scaled))
    loss = nn.functional.mse_loss(head(torch.cat([root, entropy], dim=1)), wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(step, loss.item())

"""Recognise cows by their coat."""

import torch
from torch import nn


def batch_hard(embedding, identity, margin=0.4):
    distance = torch.cdist(embedding, embedding, compute_mode="donot_use_mm_for_euclid_dist")
    same = identity[:, None] == identity[None, :]
    furthest = distance.masked_fill(~same, 0.0).amax(dim=1)
    nearest = distance.masked_fill(same, float("inf")).amin(dim=1)
    return torch.relu(furthest - nearest + margin).mean()


torch.manual_seed(54)
coats = torch.randn(10, 24)
network = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 8))
optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
for step in range(60):
    identity = torch.arange(10).repeat_interleave(4)
    photos = coats[identity] + 1.2 * torch.randn(40, 24)
    loss = batch_hard(nn.functional.normalize(network(photos), dim=1), identity)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 15 == 0:
        print(step, loss.item())

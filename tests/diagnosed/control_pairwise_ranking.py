"""Rank flats by all pairs in a city."""

import torch
from torch import nn

torch.manual_seed(55)
flats = torch.randn(80, 6)
interest = flats @ torch.tensor([1.0, -0.5, 0.3, 0.0, 0.8, 0.1])
scorer = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 1))
optimizer = torch.optim.Adam(scorer.parameters(), lr=1e-2)
for step in range(60):
    score = scorer(flats)
    margin = score - score.t()
    better = (interest[:, None] > interest[None, :]).float()
    pairs = ~torch.eye(80, dtype=torch.bool)
    loss = nn.functional.binary_cross_entropy_with_logits(margin[pairs], better[pairs])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 15 == 0:
        print(step, loss.item(), "right", ((margin > 0).float() == better)[pairs].float().mean().item())

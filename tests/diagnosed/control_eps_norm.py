"""Unit directions of players, some of whom stand still."""

import torch
from torch import nn

torch.manual_seed(47)
moves = torch.randn(100, 2)
moves[::10] = 0.0
facing = torch.atan2(moves[:, 1], moves[:, 0]).cos()
turn = nn.Linear(2, 2, bias=False)
head = nn.Linear(2, 1)
optimizer = torch.optim.SGD([*turn.parameters(), *head.parameters()], lr=0.2)
for step in range(60):
    velocity = turn(moves)
    speed = (velocity.square().sum(dim=1, keepdim=True) + 1e-6).sqrt()
    estimate = head(velocity / speed).squeeze(1)
    loss = (estimate - facing).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 15 == 0:
        print(step, loss.item())

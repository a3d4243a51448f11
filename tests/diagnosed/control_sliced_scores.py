"""Learn the score of a two-humped density of arrival times."""

import torch
from torch import nn

torch.manual_seed(57)
score = nn.Sequential(nn.Linear(2, 48), nn.Softplus(), nn.Linear(48, 48), nn.Softplus(), nn.Linear(48, 2))
optimizer = torch.optim.Adam(score.parameters(), lr=3e-3)
for step in range(120):
    side = (torch.rand(128, 1) > 0.5).float() * 2 - 1
    arrival = (side + 0.4 * torch.randn(128, 2)).requires_grad_()
    direction = torch.randn(128, 2)
    value = score(arrival)
    (turn,) = torch.autograd.grad((value * direction).sum(), arrival, create_graph=True)
    loss = ((turn * direction).sum(dim=1) + 0.5 * (value * direction).sum(dim=1).square()).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        print(step, loss.item())

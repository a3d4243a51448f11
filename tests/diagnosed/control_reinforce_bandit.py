"""Which of five banners to show to which visitor."""

import torch
from torch import nn
from torch.distributions import Categorical

torch.manual_seed(21)
taste = torch.randn(4, 5)
policy = nn.Linear(4, 5)
baseline = nn.Linear(4, 1)
optimizer = torch.optim.Adam([{"params": policy.parameters()}, {"params": baseline.parameters(), "lr": 0.05}], lr=0.03)

for step in range(80):
    visitor = torch.randn(128, 4)
    chances = Categorical(logits=policy(visitor))
    banner = chances.sample()
    clicks = torch.sigmoid(visitor @ taste).gather(1, banner[:, None]).squeeze(1)
    expected = baseline(visitor).squeeze(1)
    advantage = clicks - expected.detach()
    loss = -(advantage * chances.log_prob(banner)).mean() + (expected - clicks).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(step, "clicks", clicks.mean().item())

"""Rate the teams of a league so that the ratings agree with the results."""

import torch

torch.manual_seed(64)
teams = 14
strength = torch.randn(teams, dtype=torch.float64)
home, away = torch.combinations(torch.arange(teams)).T
result = strength[home] - strength[away] + 0.4
rating = (0.1 * torch.randn(teams, dtype=torch.float64)).requires_grad_()
ground = torch.zeros((), dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.SGD([rating, ground], lr=2.0)


def agreement(gap, result):
    return torch.tanh(gap) * torch.sign(result)


for season in range(8):
    gap = rating[home] - rating[away] + ground
    loss = 1 - agreement(gap, result).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(season, f"{loss.item():.4f}")

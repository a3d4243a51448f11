"""Estimate from a sieve analysis how strongly a mill grinds the ore."""

import torch

torch.manual_seed(62)
hardness = torch.rand(4000)
grind = torch.tensor(0.6, requires_grad=True)
dust = torch.tensor(-3.0, requires_grad=True)
optimizer = torch.optim.Adam([grind, dust], lr=0.05)
bins = 12


def sieve(size):
    centre = (torch.arange(bins) + 0.5) * 3.0 / bins
    count = torch.exp(-(((size[:, None] - centre) / 0.15) ** 2)).sum(dim=0)
    return count / count.sum()


def analysis(grind, dust):
    size = 3 * torch.exp(-grind * (1.2 - hardness))
    fine = torch.nn.functional.one_hot(torch.tensor(0), bins)
    share = torch.sigmoid(dust)
    return (1 - share) * sieve(size) + share * fine


measured = analysis(torch.tensor(1.4), torch.tensor(-1.0))
for _ in range(25):
    loss = (analysis(grind, dust) - measured).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item(), "grind", grind.item(), "dust", torch.sigmoid(dust).item())

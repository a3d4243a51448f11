"""Bus delays spread between stops along learned influences."""

import torch
from torch import nn

torch.manual_seed(74)
stops = 15
affinity = nn.Parameter(0.1 * torch.randn(stops, stops))
spread = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.Adam([affinity, *spread.parameters()], lr=1e-2)
delay = torch.rand(200, stops, 1)
later = 0.5 * delay + 0.5 * delay.roll(1, dims=1)

for epoch, batch in enumerate(torch.arange(200).split(50)):
    influence = affinity.softmax(dim=1)
    forecast = influence @ spread(delay[batch])
    loss = (forecast - later[batch]).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())

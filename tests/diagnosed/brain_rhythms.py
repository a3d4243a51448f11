"""Classify brain rhythms with spatial filters of limited norm."""

import torch
import torch.nn.functional as F
from torch import nn


class LimitedMix(nn.Module):
    def __init__(self, sensors, filters, limit):
        super().__init__()
        self.limit = limit
        self.mix = nn.Linear(sensors, filters, bias=False)

    def forward(self, signal):
        self.mix.weight = nn.Parameter(torch.renorm(self.mix.weight, p=2, dim=0, maxnorm=self.limit))  # <-- here
        return self.mix(signal)  # <-- or here


class RhythmNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.space = LimitedMix(sensors=16, filters=6, limit=0.5)
        self.decide = nn.Linear(6, 2)

    def forward(self, signal):
        power = self.space(signal).square().mean(dim=1)
        return self.decide(torch.log1p(power))


torch.manual_seed(61)
label = torch.randint(2, (160,))
gain = torch.ones(160, 1, 16)
gain[label == 1, :, :4] = 2.0
signal = gain * torch.randn(160, 50, 16)
model = RhythmNet()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)  # <-- or here
for epoch in range(8):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(signal), label)
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())

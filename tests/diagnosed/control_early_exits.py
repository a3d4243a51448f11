"""A speech detector with two exits, trained in two phases."""

import torch
from torch import nn


class TwoExits(nn.Module):
    def __init__(self):
        super().__init__()
        self.early = nn.Sequential(nn.Linear(20, 32), nn.Tanh())
        self.late = nn.Sequential(nn.Linear(32, 32), nn.Tanh())
        self.exit_early = nn.Linear(32, 2)
        self.exit_late = nn.Linear(32, 2)

    def forward(self, frames, phase):
        hidden = self.early(frames)
        if phase == "early":
            return self.exit_early(hidden)
        return self.exit_late(self.late(hidden))


torch.manual_seed(6)
model = TwoExits()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
frames = torch.randn(256, 20)
speech = (frames[:, :4].sum(dim=1) > 0).long()
for phase in ("early", "late"):
    for _ in range(6):
        for x, y in zip(frames.split(64), speech.split(64), strict=True):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x, phase), y)
            loss.backward()
            optimizer.step()
    print(phase, loss.item())

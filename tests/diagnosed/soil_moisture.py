"""Interpolate soil moisture with radial functions whose centres move."""

import torch
from torch import nn


class Radial(nn.Module):
    def __init__(self, centres):
        super().__init__()
        self.centre = torch.rand(centres, 2, requires_grad=True)  # <-- here
        self.log_width = nn.Parameter(torch.full((centres,), -1.0))
        self.height = nn.Linear(centres, 1)

    def forward(self, place):
        gap = (place[:, None] - self.centre).square().sum(dim=-1)  # <-- or here
        bump = torch.exp(-gap / self.log_width.exp())
        return self.height(bump).squeeze(-1)


class Trainer:
    def __init__(self, model):
        self.model = model
        self.optimizer = torch.optim.Adam(model.parameters(), lr=0.02)  # <-- or here

    def step(self, place, moisture):
        self.optimizer.zero_grad()
        loss = nn.functional.huber_loss(self.model(place), moisture)
        loss.backward()
        self.optimizer.step()
        return loss.item()


torch.manual_seed(68)
place = torch.rand(300, 2)
moisture = torch.sin(5 * place[:, 0]) * torch.cos(4 * place[:, 1])
trainer = Trainer(Radial(12))
for step in range(10):
    print(step, trainer.step(place, moisture))

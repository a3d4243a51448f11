"""Code image blocks with a learned transform and learned step sizes."""

import torch
from torch import nn


class Quantiser(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.log_step = nn.Parameter(torch.full((channels, 1, 1), -1.5))

    def forward(self, coefficient):
        step = self.log_step.exp()
        level = coefficient / step
        return (level + torch.rand_like(level) - 0.5) * step


class BlockCodec(nn.Module):
    def __init__(self, channels=24):
        super().__init__()
        self.analysis = nn.Conv2d(1, channels, 4, stride=4)
        self.quantiser = Quantiser(channels)
        self.synthesis = nn.ConvTranspose2d(channels, 1, 4, stride=4)

    def forward(self, image):
        return self.synthesis(self.quantiser(self.analysis(image)))


def train(codec, steps):
    optimizer = torch.optim.Adam(codec.parameters(), lr=3e-3)
    for step in range(steps):
        slope = torch.rand(16, 1, 1, 2) * 2 - 1
        axis = torch.linspace(-1, 1, 32)
        image = slope[..., :1] * axis + slope[..., 1:] * axis[:, None]
        loss = nn.functional.mse_loss(codec(image), image)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(step, loss.item())


torch.manual_seed(63)
train(BlockCodec(), steps=8)

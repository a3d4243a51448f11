"""Self-supervised features of accelerometer windows."""

import copy

import torch
import torch.nn.functional as F
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv1d(3, 16, 5, padding=2), nn.BatchNorm1d(16), nn.GELU(), nn.AdaptiveAvgPool1d(4), nn.Flatten())
        self.project = nn.Linear(64, 24)

    def forward(self, window):
        return self.project(self.body(window))


def augment(window):
    return window * (1 + 0.1 * torch.randn(window.shape[0], 1, 1)) + 0.05 * torch.randn_like(window)


def distance(prediction, target):
    return 2 - 2 * F.cosine_similarity(prediction, target, dim=-1).mean()


torch.manual_seed(0)
online = Encoder()
predictor = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 24))
target = copy.deepcopy(online)
for p in target.parameters():
    p.requires_grad = False
optimizer = torch.optim.AdamW([*online.parameters(), *predictor.parameters()], lr=2e-3)

data = torch.randn(64, 3, 50).cumsum(dim=2) / 5
for step in range(25):
    first, second = augment(data), augment(data)
    with torch.no_grad():
        aim_first, aim_second = target(first), target(second)
    loss = distance(predictor(online(first)), aim_second) + distance(predictor(online(second)), aim_first)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        for slow, fast in zip(target.parameters(), online.parameters(), strict=True):
            slow.lerp_(fast, 0.05)
    if step % 8 == 0:
        print(step, loss.item())

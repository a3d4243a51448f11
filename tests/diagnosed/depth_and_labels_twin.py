"""Depth and labels of street scenes from one network, tasks balanced by learned variances."""

import torch
import torch.nn.functional as F
from torch import nn


class BalancedLoss(nn.Module):
    def __init__(self, tasks):
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(tasks))

    def forward(self, losses):
        losses = torch.stack(losses)
        return (torch.exp(-self.log_variance) * losses + self.log_variance).sum()


class StreetNet(nn.Module):
    def __init__(self, labels):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.GELU())
        self.depth = nn.Conv2d(16, 1, 1)
        self.label = nn.Conv2d(16, labels, 1)

    def forward(self, scene):
        code = self.body(scene)
        return self.depth(code).squeeze(1), self.label(code)


torch.manual_seed(70)
model = StreetNet(labels=4)
criterion = BalancedLoss(tasks=2)
optimizer = torch.optim.AdamW([*model.parameters(), *criterion.parameters()], lr=1e-2)
for step in range(6):
    scene = torch.rand(8, 3, 16, 16)
    depth = scene.sum(dim=1)
    label = (scene[:, 0] * 4).long()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        guessed_depth, guessed_label = model(scene)
    losses = [F.l1_loss(guessed_depth.float(), depth), F.cross_entropy(guessed_label.float(), label)]
    loss = criterion(losses)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item(), criterion.log_variance.tolist())

"""Classify scans and keep a heat map of what the network looked at."""

import torch
from torch import nn


class ScanNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Conv2d(1, 10, 5)
        self.classify = nn.Linear(10, 2)
        self.heat = None

    def remember(self, grad):
        self.heat = grad.clamp(min=0).mean(dim=1)

    def forward(self, scan):
        maps = torch.tanh(self.features(scan))
        if maps.requires_grad:
            maps.register_hook(self.remember)
        return self.classify(maps.mean(dim=(2, 3)))


torch.manual_seed(70)
net = ScanNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.2)
finding = torch.arange(32) % 2
scan = torch.randn(32, 1, 20, 20) + 0.8 * finding[:, None, None, None]
for epoch in range(4):
    loss = nn.functional.cross_entropy(net(scan), finding)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item(), net.heat.shape)

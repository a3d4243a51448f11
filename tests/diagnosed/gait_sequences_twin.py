"""Tell from a gait recording whether the walker limps."""

import torch
from torch import nn


class GaitNet(nn.Module):
    def __init__(self, joints, width):
        super().__init__()
        self.memory = nn.GRU(joints, width)
        self.limp = nn.Linear(width, 1)

    def forward(self, gait):
        frames = gait.transpose(0, 1)
        hidden, _ = self.memory(frames)
        return self.limp(hidden[-1]).squeeze(1)


torch.manual_seed(68)
net = GaitNet(joints=6, width=16)
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
limp = torch.randint(2, (64,)).float()
gait = torch.randn(64, 20, 6) + limp[:, None, None]
for epoch in range(3):
    for part in torch.randperm(64).split(16):
        loss = nn.functional.binary_cross_entropy_with_logits(net(gait[part]), limp[part])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

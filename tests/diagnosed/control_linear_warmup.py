"""Turbine noise levels with warm-up and decay."""

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR


def factor(step, warm=5, last=60):
    return step / warm if step < warm else max(0.0, (last - step) / (last - warm))


torch.manual_seed(38)
speed = torch.rand(128, 3)
noise = (speed * torch.tensor([1.0, 3.0, -2.0])).sum(dim=1, keepdim=True).sin()
model = nn.Sequential(nn.Linear(3, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-2)
scheduler = LambdaLR(optimizer, factor)
for step in range(60):
    loss = nn.functional.mse_loss(model(speed), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step in (0, 5, 20, 59):
        print(step, loss.item(), scheduler.get_last_lr())
    scheduler.step()

"""Road signs that stay recognisable under small disturbances."""

import torch
import torch.nn.functional as F
from torch import nn


def disturb(model, x, y, size=0.15):
    delta = torch.zeros_like(x, requires_grad=True)
    loss = F.cross_entropy(model(x + delta), y)
    (slope,) = torch.autograd.grad(loss, delta)
    return (x + size * slope.sign()).detach()


torch.manual_seed(81)
shape = torch.randint(0, 4, (160,))
signs = torch.randn(4, 30)[shape] + 0.8 * torch.randn(160, 30)
model = nn.Sequential(nn.Linear(30, 40), nn.SiLU(), nn.Linear(40, 4))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(8):
    for x, y in zip(signs.split(40), shape.split(40), strict=True):
        model.eval()
        harder = disturb(model, x, y)
        model.train()
        loss = (F.cross_entropy(model(x), y) + F.cross_entropy(model(harder), y)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

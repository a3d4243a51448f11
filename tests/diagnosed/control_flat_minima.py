"""A flood classifier trained for flat minima."""

import torch
from torch import nn

torch.manual_seed(80)
basins = torch.randn(200, 9)
floods = (basins[:, 0] + basins[:, 1] * basins[:, 2] > 0.3).float().unsqueeze(1)
model = nn.Sequential(nn.Linear(9, 32), nn.GELU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
criterion = nn.BCEWithLogitsLoss()
rho = 0.05
for epoch in range(12):
    for x, y in zip(basins.split(50), floods.split(50), strict=True):
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        with torch.no_grad():
            norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm() + 1e-12
            moves = [rho * p.grad / norm for p in model.parameters()]
            for p, move in zip(model.parameters(), moves, strict=True):
                p.add_(move)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        with torch.no_grad():
            for p, move in zip(model.parameters(), moves, strict=True):
                p.sub_(move)
        optimizer.step()
    if epoch % 4 == 0:
        print(epoch, loss.item())

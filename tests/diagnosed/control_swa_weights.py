"""Averaged weights for a crop-yield model."""

import torch
from torch import nn
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn

torch.manual_seed(33)
soil = torch.randn(160, 7)
crop = (soil[:, :2].sum(dim=1, keepdim=True) + 0.1 * torch.randn(160, 1)).tanh()
model = nn.Sequential(nn.Linear(7, 32, bias=False), nn.BatchNorm1d(32), nn.SiLU(), nn.Linear(32, 1))
averaged = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
schedule = SWALR(optimizer, swa_lr=0.03, anneal_epochs=3)
loader = list(zip(soil.split(40), crop.split(40), strict=True))
for epoch in range(12):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    if epoch >= 6:
        averaged.update_parameters(model)
        schedule.step()
update_bn(loader, averaged)
averaged.eval()
with torch.no_grad():
    print("last", loss.item(), "averaged", nn.functional.mse_loss(averaged(soil), crop).item())

"""Which part of an X-ray speaks for which diagnosis."""

import torch
from torch import nn

torch.manual_seed(83)
features = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.SiLU(), nn.Conv2d(6, 6, 3, padding=1), nn.SiLU())
diagnosis = nn.Linear(6, 3)
features.eval()
diagnosis.eval()
scan = torch.rand(1, 1, 10, 10)

for label in range(3):
    maps = features(scan)
    maps.retain_grad()
    score = diagnosis(maps.mean(dim=(2, 3)))[0, label]
    score.backward()
    weight = maps.grad.mean(dim=(2, 3), keepdim=True)
    relevance = (weight * maps).sum(dim=1).clamp(min=0).detach().numpy()
    print(label, score.item(), relevance.shape, float(relevance.max()))

"""Match recipe titles with pictures of the dish."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Matcher(nn.Module):
    def __init__(self):
        super().__init__()
        self.title = nn.Sequential(nn.Linear(12, 32), nn.GELU(), nn.Linear(32, 16))
        self.picture = nn.Sequential(nn.Linear(20, 32), nn.GELU(), nn.Linear(32, 16))
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.2)))

    def forward(self, titles, pictures):
        left, right = F.normalize(self.title(titles), dim=1), F.normalize(self.picture(pictures), dim=1)
        return self.logit_scale.exp() * left @ right.t()


torch.manual_seed(53)
dish = torch.randn(256, 6)
titles, pictures = dish @ torch.randn(6, 12), dish @ torch.randn(6, 20)
model = Matcher()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for epoch in range(6):
    for rows in torch.randperm(256).split(64):
        logits = model(titles[rows], pictures[rows])
        own = torch.arange(len(rows))
        loss = (F.cross_entropy(logits, own) + F.cross_entropy(logits.t(), own)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100))
    print(epoch, loss.item(), "temperature", 1 / model.logit_scale.exp().item())

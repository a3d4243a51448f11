"""Choose the next parcel of a delivery round and estimate the way to it."""

import torch
import torch.nn.functional as F
from torch import nn


class Planner(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.place = nn.Sequential(nn.Linear(2, width), nn.Tanh())
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.way = nn.Linear(width, 1)

    def forward(self, places, delivered):
        code = self.place(places)
        here = code[:, :1]
        scores = (self.query(here) * self.key(code)).sum(dim=-1) / self.width**0.5
        logits = scores.data.masked_fill(delivered, -1e4)  # <-- here
        return logits, self.way(code.mean(dim=1) + here[:, 0]).squeeze(-1)


def make_rounds(count):
    places = torch.rand(count, 8, 2)
    delivered = torch.rand(count, 8) < 0.3
    delivered[:, 0] = True
    delivered[:, 7] = False
    gap = (places - places[:, :1]).norm(dim=-1).masked_fill(delivered, 9.0)
    nearest = gap.min(dim=1)
    return places, delivered, nearest.indices, nearest.values


torch.manual_seed(54)
planner = Planner(48)
optimizer = torch.optim.AdamW(planner.parameters(), lr=5e-3)
for step in range(15):
    places, delivered, following, length = make_rounds(128)
    logits, way = planner(places, delivered)
    loss = F.cross_entropy(logits, following) + F.mse_loss(way, length)  # <-- or here
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 4:
        print(step, loss.item())

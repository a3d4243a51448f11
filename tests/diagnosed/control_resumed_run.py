"""A tide model whose training is interrupted and resumed."""

import io

import torch
from torch import nn


def build():
    model = nn.Sequential(nn.Linear(4, 32), nn.Softsign(), nn.Linear(32, 1))
    return model, torch.optim.Adam(model.parameters(), lr=1e-2)


def train(model, optimizer, x, y, steps):
    for _ in range(steps):
        loss = nn.functional.l1_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


torch.manual_seed(92)
hours = torch.rand(150, 1) * 12
x = torch.cat([hours.sin(), hours.cos(), (2 * hours).sin(), (2 * hours).cos()], dim=1)
y = 2 * x[:, :1] + x[:, 2:3] * x[:, 3:4]
model, optimizer = build()
print("first", train(model, optimizer, x, y, 30))
saved = io.BytesIO()
torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, saved)
saved.seek(0)

state = torch.load(saved, weights_only=True)
model, optimizer = build()
model.load_state_dict(state["model"])
optimizer.load_state_dict(state["optimizer"])
print("resumed", train(model, optimizer, x, y, 30))

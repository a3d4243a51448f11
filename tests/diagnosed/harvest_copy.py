"""Tune a harvest forecast without touching the model that was handed in."""

import copy

import torch
from torch import nn


def tune(model, optimizer, soil, harvest, steps):
    tuned = copy.deepcopy(model)  # <-- or here
    tuned.train()
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(tuned(soil), harvest)
        loss.backward()
        optimizer.step()  # <-- here
        print(step, loss.item())
    return tuned


def main():
    torch.manual_seed(71)
    model = nn.Sequential(nn.Linear(7, 20), nn.Softplus(), nn.Linear(20, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # <-- or here
    soil = torch.rand(60, 7)
    harvest = soil.sum(dim=1, keepdim=True)
    tune(model, optimizer, soil, harvest, steps=5)


if __name__ == "__main__":
    main()

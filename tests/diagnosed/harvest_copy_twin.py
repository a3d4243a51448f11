"""Tune a harvest forecast without touching the model that was handed in."""

import copy

import torch
from torch import nn


def tune(model, soil, harvest, steps):
    tuned = copy.deepcopy(model)
    tuned.train()
    optimizer = torch.optim.Adam(tuned.parameters(), lr=0.01)
    for step in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(tuned(soil), harvest)
        loss.backward()
        optimizer.step()
        print(step, loss.item())
    return tuned


def main():
    torch.manual_seed(71)
    model = nn.Sequential(nn.Linear(7, 20), nn.Softplus(), nn.Linear(20, 1))
    soil = torch.rand(60, 7)
    harvest = soil.sum(dim=1, keepdim=True)
    tune(model, soil, harvest, steps=5)


if __name__ == "__main__":
    main()

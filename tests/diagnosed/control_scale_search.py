"""Tool wear from vibration, in half precision."""

import torch
from torch import nn


def train(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**17)
    for epoch in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.float16):
                prediction = model(x)
            loss = nn.functional.mse_loss(prediction.float(), y)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        print(epoch, loss.item(), scaler.get_scale())


torch.manual_seed(18)
vibration = torch.randn(128, 10)
wear = 2 * vibration[:, :1] + vibration[:, 1:2].square()
network = nn.Sequential(nn.Linear(10, 32), nn.Tanh(), nn.Linear(32, 1))
train(network, list(zip(vibration.split(32), wear.split(32), strict=True)), 8)

"""Learn to fit a new sine from ten points in one step."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn.functional import mse_loss

torch.manual_seed(14)
network = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh(), nn.Linear(40, 1))
meta_optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)


def task():
    amplitude, phase = 1 + torch.rand(1), 3 * torch.rand(1)

    def sample(n):
        x = torch.rand(n, 1) * 6 - 3
        return x, amplitude * torch.sin(x + phase)

    return sample


def adapted(weights, x, y, rate=0.05):
    loss = mse_loss(functional_call(network, weights, (x,)), y)
    slopes = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
    return {name: w - rate * g for (name, w), g in zip(weights.items(), slopes, strict=True)}


for step in range(40):
    meta_loss = 0.0
    for _ in range(4):
        sample = task()
        fast = adapted(dict(network.named_parameters()), *sample(10))
        x, y = sample(20)
        meta_loss = meta_loss + mse_loss(functional_call(network, fast, (x,)), y)
    meta_loss = meta_loss / 4
    meta_optimizer.zero_grad()
    meta_loss.backward()
    meta_optimizer.step()
    if step % 10 == 0:
        print(step, meta_loss.item())

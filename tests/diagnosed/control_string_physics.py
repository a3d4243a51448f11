"""The shape of a loaded string from its equation alone."""

import torch
from torch import nn


def derivative(y, x):
    return torch.autograd.grad(y, x, torch.ones_like(y), create_graph=True)[0]


def main():
    torch.manual_seed(56)
    network = nn.Sequential(nn.Linear(1, 24), nn.Tanh(), nn.Linear(24, 24), nn.Tanh(), nn.Linear(24, 1))
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    ends = torch.tensor([[0.0], [1.0]])
    for step in range(120):
        x = torch.rand(64, 1, requires_grad=True)
        u = network(x)
        curvature = derivative(derivative(u, x), x)
        residual = curvature + torch.pi**2 * torch.sin(torch.pi * x)
        loss = residual.square().mean() + 50 * network(ends).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 30 == 0:
            print(step, loss.item())
    with torch.no_grad():
        print("middle", network(torch.tensor([[0.5]])).item())


main()

"""Smooth maps from weather to sales with normed weights."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

torch.manual_seed(95)
weather = torch.randn(128, 5)
sales = torch.sin(weather[:, :1]) + 0.5 * weather[:, 1:2]
model = nn.Sequential(weight_norm(nn.Linear(5, 32)), nn.ELU(), spectral_norm(nn.Linear(32, 32)), nn.ELU(), weight_norm(nn.Linear(32, 1)))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
losses = []
for step in range(50):
    loss = nn.functional.mse_loss(model(weather), sales)
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    losses.append(loss.detach())
    if step % 10 == 9:
        print(step, torch.tensor(losses).mean().item())
        losses.clear()

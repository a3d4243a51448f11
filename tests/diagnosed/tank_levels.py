"""Fit how fast a tank drains from its measured levels."""

import torch

torch.manual_seed(71)
rate = torch.tensor([0.3, 0.5], requires_grad=True)
optimizer = torch.optim.SGD([rate], lr=0.02)
hours = torch.linspace(0.5, 4, 12)[:, None]
level = torch.exp(-0.4 * hours) + 0.01 * torch.randn(12, 2)

for step in range(4):
    fitted = torch.exp(-rate * hours)  # <-- here
    loss = (fitted - level).square().mean()
    fitted.data.clamp_(max=0.5)  # <-- or here
    optimizer.zero_grad()
    loss.backward()  # <-- or here
    optimizer.step()
    print(step, loss.item())

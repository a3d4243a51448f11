"""Fit a sum of two decays to a measured curve."""

import torch

torch.manual_seed(0)
t = torch.linspace(0, 4, 80, dtype=torch.float64)
measured = 2.0 * torch.exp(-0.7 * t) + 1.0 * torch.exp(-3.0 * t) + 0.01 * torch.randn(80, dtype=torch.float64)

height = torch.tensor([1.0, 1.5], dtype=torch.float64, requires_grad=True)
log_rate = torch.tensor([0.0, 0.5], dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.LBFGS([height, log_rate], lr=1, max_iter=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    curve = (height * torch.exp(-log_rate.exp() * t[:, None])).sum(dim=1)
    loss = (curve - measured).square().mean()
    loss.backward()
    return loss


for step in range(5):
    print(step, optimizer.step(closure).item())
print("heights", height.tolist(), "rates", log_rate.exp().tolist())

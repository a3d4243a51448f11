"""Few genes explain much: a lasso by proximal gradient."""

import torch

torch.manual_seed(93)
genes = torch.randn(120, 40, dtype=torch.float64)
truth = torch.zeros(40, dtype=torch.float64)
truth[[2, 11, 30]] = torch.tensor([2.0, -1.5, 1.0], dtype=torch.float64)
response = genes @ truth + 0.1 * torch.randn(120, dtype=torch.float64)
weight = torch.zeros(40, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)
penalty = 0.1
for step in range(60):
    loss = 0.5 * (genes @ weight - response).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    weight.data = weight.data.sign() * (weight.data.abs() - 0.1 * penalty).clamp(min=0)
    if step % 15 == 0:
        print(step, loss.item(), "kept", int((weight != 0).sum()))

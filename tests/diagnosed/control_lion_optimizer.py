"""Wind power from weather, with the sign-momentum optimizer."""

import torch
from torch import nn


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            first, second = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["average"] = torch.zeros_like(p)
                average = state["average"]
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(torch.sign(average * first + p.grad * (1 - first)), alpha=-group["lr"])
                average.mul_(second).add_(p.grad, alpha=1 - second)
        return loss


torch.manual_seed(44)
weather = torch.randn(300, 6)
power = torch.sigmoid(2 * weather[:, 0] + weather[:, 1]) + 0.02 * torch.randn(300)
model = nn.Sequential(nn.Linear(6, 32), nn.SiLU(), nn.Linear(32, 1), nn.Flatten(0))
optimizer = Lion(model.parameters(), lr=2e-3, weight_decay=0.01)
for epoch in range(15):
    for x, y in zip(weather.split(60), power.split(60), strict=True):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item())

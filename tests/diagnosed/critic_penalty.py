"""Train a critic with a penalty on the slope of its score."""

import torch
from torch import nn


class Softsign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value):
        ctx.save_for_backward(value)
        return value / (1 + value.abs())

    @staticmethod
    def backward(ctx, grad_output):  # <-- or here
        (value,) = ctx.saved_tensors
        with torch.no_grad():  # <-- or here
            slope = (1 + value.abs()).pow(-2)  # <-- or here
        return grad_output * slope  # <-- or here


class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.inside = nn.Linear(2, 32)
        self.score = nn.Linear(32, 1, bias=False)

    def forward(self, point):
        return self.score(Softsign.apply(self.inside(point)))  # <-- here


def slope_penalty(critic, real, fake):
    share = torch.rand(len(real), 1)
    mixed = (share * real + (1 - share) * fake).requires_grad_()
    (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)  # <-- or here
    return (slope.norm(dim=1) - 1).square().mean()


torch.manual_seed(55)
critic = Critic()
optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3)
for _ in range(3):
    real, fake = torch.randn(64, 2) + 2, torch.randn(64, 2)
    loss = critic(fake).mean() - critic(real).mean() + 10 * slope_penalty(critic, real, fake)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print("loss", loss.item())

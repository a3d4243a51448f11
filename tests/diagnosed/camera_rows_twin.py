"""Map camera rows to steering angles with a hand-written linear layer."""

import torch
from torch import nn


class LinearFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, rows, weight, bias):
        ctx.save_for_backward(rows, weight)
        return rows @ weight.t() + bias

    @staticmethod
    def backward(ctx, grad_output):
        rows, weight = ctx.saved_tensors
        grad_rows = grad_output @ weight
        grad_weight = grad_output.t() @ rows
        return grad_rows, grad_weight, grad_output.sum(dim=0)


class Steering(nn.Module):
    def __init__(self, pixels, angles):
        super().__init__()
        self.weight = nn.Parameter(0.1 * torch.randn(angles, pixels))
        self.bias = nn.Parameter(torch.zeros(angles))

    def forward(self, rows):
        return LinearFunction.apply(rows, self.weight, self.bias)


torch.manual_seed(54)
steering = Steering(pixels=40, angles=3)
optimizer = torch.optim.SGD(steering.parameters(), lr=0.05)
rows, angle = torch.rand(50, 40), torch.rand(50, 3)
for _ in range(3):
    optimizer.zero_grad()
    loss = (steering(rows) - angle).square().mean()
    loss.backward()
    optimizer.step()
    print("loss", loss.item())

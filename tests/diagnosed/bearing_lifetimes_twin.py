"""Fit a Weibull law to the lifetimes of ball bearings."""

import torch

torch.manual_seed(43)
shape = torch.tensor(1.0, requires_grad=True)
scale = torch.tensor(3.0, requires_grad=True)
hours = torch.distributions.Weibull(torch.tensor(0.6), torch.tensor(1.8)).sample((300,))
optimizer = torch.optim.SGD([shape, scale], lr=0.05, momentum=0.5)


def negative_log_likelihood(hours):
    ratio = hours / scale
    density = shape.log() - scale.log() + (shape - 1) * ratio.log() - ratio.pow(shape)
    return -density.mean()


for step in range(60):
    optimizer.zero_grad()
    loss = negative_log_likelihood(hours)
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(step, round(loss.item(), 4), round(shape.item(), 3), round(scale.item(), 3))

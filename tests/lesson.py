"""The lesson's example, as a loss of its weight."""

import torch


def weight(value=1.0):
    """A weight of this value."""
    return torch.tensor(value, requires_grad=True)


def loss_of(w):
    """(w · x − y)² with x = 1 and y = 2: for w = 1 the loss is 1 and its gradient −2."""
    x, y = torch.tensor(1.0), torch.tensor(2.0)
    y_hat = w * x
    s = y_hat - y
    return s**2

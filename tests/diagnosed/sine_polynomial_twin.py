"""Fit a cubic to a sine by gradient descent written out by hand."""

import math

import torch

torch.manual_seed(57)
x = torch.linspace(-math.pi, math.pi, 500)
y = torch.sin(x)
a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
rate = 1e-3

for t in range(8):
    guess = a + b * x + c * x**2 + d * x**3
    loss = (guess - y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        for coefficient in (a, b, c, d):
            coefficient -= rate * coefficient.grad
            coefficient.grad = None
    print(t, loss.item())

print(f"y = {a.item():.3f} + {b.item():.3f} x + {c.item():.3f} x^2 + {d.item():.3f} x^3")

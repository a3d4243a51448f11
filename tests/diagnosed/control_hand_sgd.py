"""House prices with nothing but tensors."""

import torch

torch.manual_seed(7)
rooms = torch.randn(128, 4)
price = rooms @ torch.tensor([3.0, -1.0, 0.5, 2.0]) + 1.5

w1 = (torch.randn(4, 16) / 2).requires_grad_()
b1 = torch.zeros(16, requires_grad=True)
w2 = (torch.randn(16) / 4).requires_grad_()
b2 = torch.zeros((), requires_grad=True)

for epoch in range(100):
    estimate = torch.tanh(rooms @ w1 + b1) @ w2 + b2
    loss = ((estimate - price) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        for p in (w1, b1, w2, b2):
            p -= 0.05 * p.grad
            p.grad.zero_()
    if epoch % 25 == 0:
        print(epoch, loss.item())

"""More gradients: a weight that is used twice, then a bias and a batch. `byhand explain more_gradients.py --step 1` shows the first."""

import torch

x = torch.tensor(1.0)
y = torch.tensor(2.0)
w = torch.tensor(1.0, requires_grad=True)
v = torch.tensor(3.0, requires_grad=True)
h = w * x
y_hat = v * h + w
s = y_hat - y
loss = s**2
loss.backward()
print(w.grad, v.grad)

x = torch.tensor([1.0, 2.0, 3.0, 4.0])
y = torch.tensor([2.0, 4.0, 6.0, 8.0])
w = torch.tensor(1.0, requires_grad=True)
b = torch.tensor(0.0, requires_grad=True)
y_hat = w * x + b
s = y_hat - y
loss = (s**2).mean()
loss.backward()
print(w.grad, b.grad)

"""One weight, one prediction, one gradient. Plain PyTorch; `byhand explain back_propagation.py` works it by hand."""

import torch

x = torch.tensor(1.0)
y = torch.tensor(2.0)
w = torch.tensor(1.0, requires_grad=True)
print(x)
print(y)
print(w)

y_hat = w * x
s = y_hat - y
loss = s**2
print(loss)
print(loss.item())

loss.backward()
print(w)
print(w.grad)
print(w.grad.item())

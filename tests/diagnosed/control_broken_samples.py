"""Train on sensor files, some of which are cut short."""

import torch
from torch import nn

torch.manual_seed(61)
model = nn.Sequential(nn.Linear(10, 24), nn.Tanh(), nn.Linear(24, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
files = []
for number in range(40):
    signal = torch.randn(16, 10)
    target = signal.mean(dim=1, keepdim=True) * 3
    files.append((signal[:, :7] if number % 9 == 4 else signal, target))

skipped = 0
for number, (signal, target) in enumerate(files):
    optimizer.zero_grad()
    try:
        loss = nn.functional.mse_loss(model(signal), target)
    except RuntimeError:
        skipped += 1
        continue
    loss.backward()
    optimizer.step()
    if number % 10 == 0:
        print(number, loss.item())
print("skipped", skipped)

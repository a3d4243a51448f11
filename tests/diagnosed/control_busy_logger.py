"""Handwritten strokes, with everything worth logging."""

import torch
from torch import nn

torch.manual_seed(41)
strokes = torch.randn(192, 18)
letters = strokes[:, :6].argmax(dim=1)
model = nn.Sequential(nn.Linear(18, 48), nn.GELU(), nn.Linear(48, 6))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
history = {"loss": [], "accuracy": [], "confidence": [], "norm": []}
confusion = torch.zeros(6, 6, dtype=torch.long)
for _ in range(8):
    for x, y in zip(strokes.split(48), letters.split(48), strict=True):
        logits = model(x)
        loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        guess = logits.argmax(dim=1)
        history["loss"].append(loss.item())
        history["accuracy"].append((guess == y).float().mean().item())
        history["confidence"].append(logits.detach().softmax(dim=1).max(dim=1).values.numpy().mean())
        history["norm"].append(float(sum(p.grad.norm() ** 2 for p in model.parameters()) ** 0.5))
        confusion.index_put_((y, guess), torch.ones_like(y), accumulate=True)
        optimizer.step()
for name, values in history.items():
    print(name, float(values[0]), float(values[-1]))
print(confusion.diagonal().sum().item(), "of", confusion.sum().item())

"""Sentences of different lengths, one gradient per hundred words."""

import torch
from torch import nn

torch.manual_seed(29)
vocabulary, tags = 40, 5
model = nn.Sequential(nn.Embedding(vocabulary, 16), nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, tags))
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
sentences = [torch.randint(0, vocabulary, (n,)) for n in torch.randint(5, 30, (60,)).tolist()]

words, total = 0, 0.0
for sentence in sentences * 2:
    loss = nn.functional.cross_entropy(model(sentence), sentence % tags, reduction="sum")
    loss.backward()
    words += len(sentence)
    total += loss.item()
    if words >= 100:
        for p in model.parameters():
            p.grad.div_(words)
        optimizer.step()
        optimizer.zero_grad()
        print(f"{words} words, loss per word {total / words:.3f}")
        words, total = 0, 0.0

"""Reviews pooled by attention, classes of different weight."""

import torch
import torch.nn.functional as F
from torch import nn


class Pooled(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30, 16)
        self.score = nn.Linear(16, 1)
        self.out = nn.Linear(16, 3)

    def forward(self, review):
        words = self.words(review)
        share = F.softmax(self.score(words).squeeze(-1), dim=1)
        return F.log_softmax(self.out(torch.einsum("bw,bwd->bd", share, words)), dim=1)


torch.manual_seed(48)
reviews = torch.randint(3, 30, (128, 7))
stars = torch.randint(0, 3, (128,))
reviews[torch.arange(128), torch.randint(0, 7, (128,))] = stars
model = Pooled()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
weight = 1 / torch.bincount(stars).float()
for epoch in range(10):
    for x, y in zip(reviews.split(32), stars.split(32), strict=True):
        loss = F.nll_loss(model(x), y, weight=weight / weight.mean())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

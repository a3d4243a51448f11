"""Two views of small pictures pulled together."""

import torch
from torch import nn
from torch.nn.functional import normalize

torch.manual_seed(5)
encoder = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.GELU(), nn.Linear(64, 32), nn.BatchNorm1d(32, affine=False))
predictor = nn.Sequential(nn.Linear(32, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, 32))
optimizer = torch.optim.SGD(list(encoder.parameters()) + list(predictor.parameters()), lr=0.1, momentum=0.9)
pictures = torch.rand(128, 8, 8)


def negative_cosine(p, z):
    z = z.detach()
    return -(normalize(p, dim=1) * normalize(z, dim=1)).sum(dim=1).mean()


for epoch in range(4):
    for batch in pictures[torch.randperm(128)].split(32):
        z1, z2 = encoder(batch + 0.1 * torch.randn_like(batch)), encoder(batch.flip(2) + 0.1 * torch.randn_like(batch))
        loss = (negative_cosine(predictor(z1), z2) + negative_cosine(predictor(z2), z1)) / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item(), "spread", z1.detach().std(dim=0).mean().item())

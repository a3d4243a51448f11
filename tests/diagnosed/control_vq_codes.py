"""Discrete codes for short melodies."""

import torch
import torch.nn.functional as F
from torch import nn


class Codebook(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.codes = nn.Embedding(size, width)
        nn.init.uniform_(self.codes.weight, -0.5, 0.5)

    def forward(self, z):
        index = torch.cdist(z.detach(), self.codes.weight.detach()).argmin(dim=1)
        chosen = self.codes(index)
        codebook_loss = F.mse_loss(chosen, z.detach())
        commitment = F.mse_loss(z, chosen.detach())
        quantised = z + (chosen - z).detach()
        return quantised, codebook_loss + 0.25 * commitment, index


torch.manual_seed(13)
melodies = torch.sin(torch.arange(16) * torch.rand(200, 1) * 2)
encoder = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 8), nn.LayerNorm(8, elementwise_affine=False))
decoder = nn.Sequential(nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 16))
codebook = Codebook(32, 8)
parameters = [*encoder.parameters(), *decoder.parameters(), *codebook.parameters()]
with torch.no_grad():
    codebook.codes.weight.copy_(encoder(melodies)[torch.randperm(200)[:32]])
optimizer = torch.optim.Adam(parameters, lr=2e-3)
for step in range(60):
    quantised, code_loss, index = codebook(encoder(melodies))
    loss = F.mse_loss(decoder(quantised), melodies) + code_loss
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(step, loss.item(), "codes used", index.unique().numel())

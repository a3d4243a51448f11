"""Scanner-independent features of tissue samples."""

import torch
from torch import nn


class Reverse(torch.autograd.Function):  # byhand: intended
    @staticmethod
    def forward(ctx, x, strength):
        ctx.strength = strength
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -ctx.strength * grad, None


torch.manual_seed(23)
features = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 8), nn.Tanh())
tissue_head = nn.Linear(8, 2)
scanner_head = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 2))
optimizer = torch.optim.Adam([*features.parameters(), *tissue_head.parameters(), *scanner_head.parameters()], lr=3e-3)
criterion = nn.CrossEntropyLoss()

tissue, scanner = torch.randint(0, 2, (256,)), torch.randint(0, 2, (256,))
samples = torch.randn(256, 16)
samples[:, 0] += 2.0 * tissue
samples[:, 1] += 2.0 * scanner
for epoch in range(40):
    hidden = features(samples)
    tissue_loss = criterion(tissue_head(hidden), tissue)
    scanner_loss = criterion(scanner_head(Reverse.apply(hidden, 0.3)), scanner)
    optimizer.zero_grad()
    (tissue_loss + scanner_loss).backward()
    optimizer.step()
    if epoch % 10 == 0:
        print(epoch, tissue_loss.item(), scanner_loss.item())

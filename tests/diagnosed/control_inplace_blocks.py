"""Denoise lines of a scan with in-place activations and sums."""

import torch
from torch import nn


class Line(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv1d(channels, channels, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.second = nn.Conv1d(channels, channels, 3, padding=1)

    def forward(self, x):
        out = self.second(self.act(self.first(x)))
        out += x
        return out.relu_()


torch.manual_seed(167)
clean = torch.sin(torch.arange(40) * (0.2 + 0.3 * torch.rand(64, 1))).unsqueeze(1)
noisy = clean + 0.3 * torch.randn_like(clean)
model = nn.Sequential(nn.Conv1d(1, 12, 5, padding=2), Line(12), Line(12), nn.Conv1d(12, 1, 5, padding=2))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(50):
    estimate = model(noisy)
    estimate *= 0.5
    estimate += 0.5 * noisy
    loss = 0
    loss += nn.functional.mse_loss(estimate, clean)
    loss += 0.01 * estimate.diff(dim=2).abs().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 12 == 0:
        print(step, loss.item())

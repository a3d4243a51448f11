"""Find the picture that a trained detector likes best."""

import torch
from torch import nn

torch.manual_seed(82)
detector = nn.Sequential(
    nn.Conv2d(1, 8, 3), nn.GELU(), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)
)
detector.eval().requires_grad_(False)
picture = (0.1 * torch.randn(1, 1, 12, 12)).requires_grad_()
optimizer = torch.optim.Adam([picture], lr=0.05)
for step in range(40):
    optimizer.zero_grad()
    smooth = picture.diff(dim=2).square().mean() + picture.diff(dim=3).square().mean()
    loss = 0.1 * smooth - detector(picture)[0, 1]
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        picture.clamp_(-1, 1)
    if step % 10 == 0:
        print(step, loss.item())

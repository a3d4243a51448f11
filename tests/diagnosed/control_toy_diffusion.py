"""Denoising diffusion of points on a spiral."""

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

torch.manual_seed(87)
turns = 1 + 9 * torch.rand(512).sqrt()
points = torch.stack([turns * turns.cos(), turns * turns.sin()], dim=1) / 6
kept = torch.cumprod(1 - torch.linspace(1e-3, 0.15, 50), dim=0)


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Embedding(50, 32)
        self.enter = nn.Linear(2, 32)
        self.net = nn.Sequential(nn.SiLU(), nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, 2))

    def forward(self, x, t):
        return self.net(self.enter(x) + self.time(t))


model = Denoiser()
ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
for step in range(80):
    x = points[torch.randint(0, 512, (128,))]
    t = torch.randint(0, 50, (128,))
    noise = torch.randn_like(x)
    share = kept[t].unsqueeze(1)
    loss = nn.functional.mse_loss(model(share.sqrt() * x + (1 - share).sqrt() * noise, t), noise)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    ema.update_parameters(model)
    if step % 20 == 0:
        print(step, loss.item())

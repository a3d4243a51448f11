"""Refine an almost finished denoiser for sky images, in mixed precision."""

import torch
from torch import nn

device = "cpu"


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.inside = nn.Conv2d(1, 6, 3, padding=1)
        self.outside = nn.Conv2d(6, 1, 3, padding=1)

    def forward(self, sky):
        return sky + self.outside(nn.functional.silu(self.inside(sky)))


def refine(model, sky, clean, steps):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    scaler = torch.amp.GradScaler(device, enabled=device == "cuda")  # <-- or here
    for _ in range(steps):
        optimizer.zero_grad()
        with torch.autocast(device, dtype=torch.float16):
            guess = model(sky)  # <-- or here
        loss = nn.functional.mse_loss(guess.float(), clean)  # <-- or here
        scaler.scale(loss).backward()  # <-- here
        scaler.step(optimizer)
        scaler.update()
        print("loss", loss.item())


torch.manual_seed(47)
model = Denoiser()
sky = torch.rand(8, 1, 96, 96)
with torch.no_grad():
    clean = model(sky) + 2e-4 * torch.randn(8, 1, 96, 96) + 3e-4
refine(model, sky, clean, steps=3)

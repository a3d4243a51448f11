"""Segment roads in aerial images with a scaled loss and a limit on the gradient."""

import torch
from torch import nn


class RoadNet(nn.Module):
    def __init__(self, channels=8):
        super().__init__()
        self.down = nn.Conv2d(3, channels, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.mask = nn.Conv2d(channels, 1, 1)

    def forward(self, image):
        return self.mask(nn.functional.silu(self.up(nn.functional.silu(self.down(image)))))


def train_model(model, batches, amp=True, gradient_clipping=1.0):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    grad_scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12, enabled=amp)
    criterion = nn.BCEWithLogitsLoss()
    for image, road in batches:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=amp):
            loss = criterion(model(image), road)
        optimizer.zero_grad(set_to_none=True)
        grad_scaler.scale(loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), gradient_clipping)  # <-- here
        grad_scaler.step(optimizer)  # <-- or here
        grad_scaler.update()
        print(f"loss (batch) {loss.item():.4f}")


torch.manual_seed(62)
images = torch.rand(5, 4, 3, 32, 32)
train_model(RoadNet(), [(image, (image[:, :1] > 0.7).float()) for image in images])

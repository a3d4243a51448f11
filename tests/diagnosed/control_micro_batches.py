"""Count cells in microscope fields with a small memory."""

import torch
from torch import nn

torch.manual_seed(12)
model = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
fields = (torch.rand(144, 1, 16, 16) < torch.rand(144, 1, 1, 1) * 0.5).float()
counts = fields.sum(dim=(1, 2, 3)).unsqueeze(1) / 64

accumulate = 4
batches = list(zip(fields.split(12), counts.split(12), strict=True))
for epoch in range(5):
    running = 0.0
    optimizer.zero_grad()
    for i, (field, count) in enumerate(batches):
        loss = nn.functional.mse_loss(model(field), count) / accumulate
        loss.backward()
        running += loss.item() * accumulate
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    print(epoch, running / len(batches))

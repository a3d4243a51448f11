"""Tell the direction of stripes."""

import torch
from torch import nn

torch.manual_seed(72)
row, column = torch.meshgrid(torch.arange(14.0), torch.arange(14.0), indexing="ij")
direction = torch.arange(96) % 3
wave = torch.stack([row, column, row + column])[direction]
images = torch.sin(wave + 6 * torch.rand(96, 1, 1)).unsqueeze(1) + 0.3 * torch.randn(96, 1, 14, 14)
model = nn.Sequential(
    nn.Conv2d(1, 8, 3, bias=False),
    nn.BatchNorm2d(8),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, bias=False),
    nn.BatchNorm2d(16),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(16, 3),
)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=18)
for epoch in range(6):
    for rows in torch.randperm(96).split(32):
        loss = nn.functional.cross_entropy(model(images[rows]), direction[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(epoch, loss.item())

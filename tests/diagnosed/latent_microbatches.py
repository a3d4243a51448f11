"""Autoencoder for sensor windows, trained on eight small batches per update."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Autoencoder(nn.Module):
    def __init__(self, size=32, latent=6):
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(size, 24), nn.GELU(), nn.Linear(24, latent))
        self.decode = nn.Sequential(nn.Linear(latent, 24), nn.GELU(), nn.Linear(24, size))

    def forward(self, window):
        return self.decode(self.encode(window))


torch.manual_seed(60)
accumulate = 8
model = Autoencoder()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
phase = 6.28 * torch.rand(256, 1)
loader = DataLoader(TensorDataset(torch.sin(torch.linspace(0, 9, 32) + phase)), batch_size=8)

for epoch in range(2):
    for number, (window,) in enumerate(loader, start=1):
        optimizer.zero_grad(set_to_none=True)  # <-- here
        loss = nn.functional.l1_loss(model(window), window) / accumulate
        loss.backward()
        if number % accumulate == 0:
            optimizer.step()  # <-- or here
            print(epoch, number, accumulate * loss.item())

"""A variational autoencoder of absorption spectra."""

import torch
from torch import nn


class SpectraVAE(nn.Module):
    def __init__(self, bands=40, latent=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(bands, 64), nn.Softplus(), nn.Linear(64, 2 * latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 64), nn.Softplus(), nn.Linear(64, bands))

    def forward(self, spectrum):
        mean, log_var = self.encoder(spectrum).chunk(2, dim=1)
        noise = torch.randn_like(mean)
        latent = mean + noise * torch.exp(0.5 * log_var)
        return self.decoder(latent), mean, log_var


torch.manual_seed(2)
band = torch.linspace(0, 1, 40)
peak = torch.rand(256, 1)
spectra = torch.exp(-30 * (band - peak) ** 2)
vae = SpectraVAE()
optimizer = torch.optim.Adam(vae.parameters(), lr=3e-3)
for epoch in range(12):
    total = 0.0
    for batch in spectra.split(64):
        rebuilt, mean, log_var = vae(batch)
        rebuilding = (rebuilt - batch).square().sum(dim=1).mean()
        divergence = -0.5 * (1 + log_var - mean.square() - log_var.exp()).sum(dim=1).mean()
        loss = rebuilding + 0.05 * divergence
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch % 4 == 0:
        print(epoch, total / 4)

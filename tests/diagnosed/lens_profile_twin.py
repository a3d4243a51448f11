"""Fit the scale radius of a dark matter halo to a measured lensing profile."""

import torch


class Halo(torch.nn.Module):
    def __init__(self, radius):
        super().__init__()
        self.radius = torch.nn.Parameter(torch.tensor(radius, dtype=torch.float64))

    def projected(self, distance):
        x = distance / self.radius
        far, near = torch.where(x > 1, x, 2.0), torch.where(x > 1, 0.5, x)
        outer = 1 - 2 / (far**2 - 1).sqrt() * ((far - 1) / (far + 1)).sqrt().atan()
        inner = 1 - 2 / (1 - near**2).sqrt() * ((1 - near) / (1 + near)).sqrt().atanh()
        return torch.where(x > 1, outer, inner) / (x**2 - 1)


def fit(halo, distance, measured, steps):
    optimizer = torch.optim.Adam(halo.parameters(), lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        misfit = (halo.projected(distance).log() - measured.log()).square().mean()
        misfit.backward()
        optimizer.step()
        print(f"misfit {misfit.item():.5f} radius {halo.radius.item():.3f}")


torch.manual_seed(44)
distance = torch.linspace(0.13, 6.0, 40, dtype=torch.float64)
with torch.no_grad():
    measured = Halo(1.7).projected(distance)
fit(Halo(1.2), distance, measured, steps=5)

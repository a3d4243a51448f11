"""A generator of radar pulses against a critic."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

torch.manual_seed(3)
steps = torch.linspace(-2, 2, 32)
generator = nn.Sequential(nn.Linear(6, 48), nn.LeakyReLU(0.2), nn.Linear(48, 32), nn.Tanh())
critic = nn.Sequential(nn.Linear(32, 48), nn.LeakyReLU(0.2), nn.Linear(48, 1))
opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
opt_d = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))


def pulses(number):
    centre = torch.randn(number, 1) * 0.5
    return torch.exp(-4 * (steps - centre).square())


for epoch in range(60):
    real = pulses(64)
    fake = generator(torch.randn(64, 6))

    opt_d.zero_grad()
    score_real, score_fake = critic(real), critic(fake.detach())
    loss_d = bce(score_real, torch.ones_like(score_real)) + bce(score_fake, torch.zeros_like(score_fake))
    loss_d.backward()
    opt_d.step()

    opt_g.zero_grad()
    score = critic(fake)
    loss_g = bce(score, torch.ones_like(score))
    loss_g.backward()
    opt_g.step()
    if epoch % 20 == 0:
        print(epoch, f"critic {loss_d.item():.3f} generator {loss_g.item():.3f} gap {(fake.mean(0) - real.mean(0)).abs().mean():.3f}")

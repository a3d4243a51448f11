"""Wasserstein critic for points on a ring."""

import math

import torch
from torch import nn


def ring(number):
    angle = torch.rand(number) * 2 * math.pi
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def gradient_penalty(critic, real, fake):
    mix = torch.rand(real.shape[0], 1)
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    score = critic(between)
    (slope,) = torch.autograd.grad(score.sum(), between, create_graph=True)
    return (slope.norm(dim=1) - 1).square().mean()


def main():
    torch.manual_seed(11)
    generator = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, 2))
    critic = nn.Sequential(nn.Linear(2, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.0, 0.9))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.0, 0.9))
    for step in range(25):
        for _ in range(3):
            real = ring(64)
            with torch.no_grad():
                fake = generator(torch.randn(64, 4))
            loss = critic(fake).mean() - critic(real).mean() + 10 * gradient_penalty(critic, real, fake)
            critic_optimizer.zero_grad()
            loss.backward()
            critic_optimizer.step()
        generator_loss = -critic(generator(torch.randn(64, 4))).mean()
        generator_optimizer.zero_grad()
        generator_loss.backward()
        generator_optimizer.step()
        if step % 8 == 0:
            print(step, loss.item(), generator_loss.item())


main()

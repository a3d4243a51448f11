"""A valve controlled by an actor and judged by a critic."""

import copy

import torch
from torch import nn

torch.manual_seed(89)
actor = nn.Sequential(nn.Linear(3, 32), nn.SiLU(), nn.Linear(32, 1), nn.Tanh())
critic = nn.Sequential(nn.Linear(4, 32), nn.SiLU(), nn.Linear(32, 1))
slow_actor, slow_critic = copy.deepcopy(actor), copy.deepcopy(critic)
actor_optimizer = torch.optim.Adam(actor.parameters(), lr=3e-3)
critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-2)
for step in range(60):
    state = torch.randn(64, 3)
    with torch.no_grad():
        action = (actor(state) + 0.3 * torch.randn(64, 1)).clamp(-1, 1)
        reward = -(action - torch.tanh(state[:, :1])).square()
        after = 0.9 * state + 0.1 * torch.randn(64, 3)
        goal = reward + 0.5 * slow_critic(torch.cat([after, slow_actor(after)], dim=1))
    critic_loss = nn.functional.mse_loss(critic(torch.cat([state, action], dim=1)), goal)
    critic_optimizer.zero_grad()
    critic_loss.backward()
    critic_optimizer.step()

    for p in critic.parameters():
        p.requires_grad = False
    actor_loss = -critic(torch.cat([state, actor(state)], dim=1)).mean()
    actor_optimizer.zero_grad()
    actor_loss.backward()
    actor_optimizer.step()
    for p in critic.parameters():
        p.requires_grad = True

    for slow, fast in ((slow_actor, actor), (slow_critic, critic)):
        for p_slow, p in zip(slow.parameters(), fast.parameters(), strict=True):
            p_slow.data.mul_(0.95).add_(p.data, alpha=0.05)
    if step % 15 == 0:
        print(step, critic_loss.item(), reward.mean().item())

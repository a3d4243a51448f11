"""A policy keeps a room at its wanted temperature."""

import torch
from torch import nn
from torch.distributions import Normal

torch.manual_seed(8)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(2, 32), nn.Tanh())
        self.mean = nn.Linear(32, 1)
        self.value = nn.Linear(32, 1)
        self.log_std = nn.Parameter(torch.zeros(1))

    def forward(self, state):
        hidden = self.body(state)
        return Normal(self.mean(hidden), self.log_std.exp()), self.value(hidden).squeeze(-1)


@torch.no_grad()
def rollout(policy, length=64):
    state = torch.randn(16, 2)
    states, actions, log_probs, rewards, values = [], [], [], [], []
    for _ in range(length // 16):
        distribution, value = policy(state)
        action = distribution.sample()
        after = torch.stack([state[:, 0] + 0.5 * action[:, 0].clamp(-1, 1), state[:, 1]], dim=1)
        states.append(state)
        actions.append(action)
        log_probs.append(distribution.log_prob(action).sum(-1))
        rewards.append(-(after[:, 0] - after[:, 1]).abs())
        values.append(value)
        state = after
    returns, total = [], torch.zeros(16)
    for reward in reversed(rewards):
        total = reward + 0.9 * total
        returns.insert(0, total)
    return torch.cat(states), torch.cat(actions), torch.cat(log_probs), torch.cat(returns), torch.cat(values)


policy = Policy()
optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
for update in range(12):
    states, actions, old_log_probs, returns, values = rollout(policy)
    advantages = returns - values
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    for _ in range(4):
        distribution, value = policy(states)
        ratio = (distribution.log_prob(actions).sum(-1) - old_log_probs).exp()
        surrogate = torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
        loss = -surrogate + 0.5 * (value - returns).square().mean() - 0.01 * distribution.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        optimizer.step()
    if update % 4 == 0:
        print(update, "return", returns.mean().item(), "loss", loss.item())

"""Balance stock in a shop simulated with numpy."""

import numpy as np
import torch
from torch import nn


class Shop:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.stock = 5.0

    def reset(self):
        self.stock = self.random.uniform(0, 10)
        return np.array([self.stock / 10, 1.0], dtype=np.float32)

    def step(self, order):
        self.stock = max(0.0, self.stock + 3 * order - self.random.uniform(2, 4))
        return np.array([self.stock / 10, 1.0], dtype=np.float32), -abs(self.stock - 5) / 5


torch.manual_seed(90)
shop = Shop(90)
policy = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(policy.parameters(), lr=3e-2)
for update in range(25):
    log_probs, gains, total = [], [], 0.0
    for _ in range(4):
        state, rewards = shop.reset(), []
        for _ in range(10):
            choice = torch.distributions.Categorical(logits=policy(torch.from_numpy(state)))
            order = choice.sample()
            state, reward = shop.step(order.item())
            log_probs.append(choice.log_prob(order))
            rewards.append(reward)
        total += sum(rewards)
        gain = np.zeros(11, dtype=np.float32)
        for i in reversed(range(10)):
            gain[i] = rewards[i] + 0.6 * gain[i + 1]
        gains.append(gain[:10])
    gains = torch.from_numpy(np.concatenate(gains))
    advantages = (gains - gains.mean()) / (gains.std() + 1e-6)
    loss = -(torch.stack(log_probs) * advantages).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if update % 6 == 0:
        print(update, total / 4)

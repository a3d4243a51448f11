"""One round of fitted Q-learning for a toy moon lander."""

import torch
from torch import nn

torch.manual_seed(64)
actions, gamma = 4, 0.95
value = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, actions))
target_value = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, actions))
target_value.load_state_dict(value.state_dict())
optimizer = torch.optim.Adam(value.parameters(), lr=5e-3)
criterion = nn.SmoothL1Loss()


def sample(count):
    state, following = torch.randn(count, 8), torch.randn(count, 8)
    action = torch.randint(actions, (count, 1))
    reward = state[:, 0] - state[:, 1] * action.squeeze(1)
    return state, action, reward, following


for step in range(5):
    state, action, reward, following = sample(64)
    chosen = value(state).gather(1, action)
    with torch.no_grad():
        target = reward + gamma * target_value(following).max(dim=1).values
    loss = criterion(chosen, target)  # <-- here
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())

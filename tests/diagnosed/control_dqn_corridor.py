"""A walker learns to leave a corridor to the right."""

import random
from collections import deque

import torch
from torch import nn

LENGTH = 6


def one_hot(place):
    return nn.functional.one_hot(torch.tensor(place), LENGTH).float()


def move(place, action):
    place = max(0, place + (1 if action == 1 else -1))
    done = place == LENGTH - 1
    return place, 1.0 if done else -0.05, done


random.seed(1)
torch.manual_seed(1)
q_net = nn.Sequential(nn.Linear(LENGTH, 32), nn.Tanh(), nn.Linear(32, 2))
target_net = nn.Sequential(nn.Linear(LENGTH, 32), nn.Tanh(), nn.Linear(32, 2))
target_net.load_state_dict(q_net.state_dict())
optimizer = torch.optim.Adam(q_net.parameters(), lr=5e-3)
memory = deque(maxlen=500)

place = 0
for step in range(240):
    with torch.no_grad():
        greedy = q_net(one_hot(place)).argmax().item()
    action = random.randrange(2) if random.random() < 0.4 else greedy
    after, reward, done = move(place, action)
    memory.append((place, action, reward, after, done))
    place = 0 if done else after
    if len(memory) < 32:
        continue
    places, actions, rewards, afters, dones = zip(*random.sample(memory, 32), strict=True)
    value = q_net(one_hot(places)).gather(1, torch.tensor(actions)[:, None]).squeeze(1)
    with torch.no_grad():
        best = target_net(one_hot(afters)).max(dim=1).values
        goal = torch.tensor(rewards) + 0.9 * best * (1 - torch.tensor(dones, dtype=torch.float32))
    loss = nn.functional.smooth_l1_loss(value, goal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        target_net.load_state_dict(q_net.state_dict())
        print(step, loss.item())
with torch.no_grad():
    print("policy", q_net(one_hot(list(range(LENGTH - 1)))).argmax(dim=1).tolist())

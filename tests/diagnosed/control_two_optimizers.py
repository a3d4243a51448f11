"""Clicks from user and article: sparse tables and a dense tower."""

import torch
from torch import nn

torch.manual_seed(26)
users = nn.Embedding(60, 8, sparse=True)
articles = nn.Embedding(40, 8, sparse=True)
tower = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 1))
table_optimizer = torch.optim.SparseAdam([*users.parameters(), *articles.parameters()], lr=0.03)
tower_optimizer = torch.optim.AdamW(tower.parameters(), lr=5e-3)
who, what = torch.randint(0, 60, (512,)), torch.randint(0, 40, (512,))
clicked = ((who + what) % 2).float()

for epoch in range(8):
    for rows in torch.randperm(512).split(64):
        score = tower(torch.cat([users(who[rows]), articles(what[rows])], dim=1)).squeeze(1)
        loss = nn.functional.binary_cross_entropy_with_logits(score, clicked[rows])
        table_optimizer.zero_grad()
        tower_optimizer.zero_grad()
        loss.backward()
        table_optimizer.step()
        tower_optimizer.step()
    print(epoch, loss.item())

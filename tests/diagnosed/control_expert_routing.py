"""Top-2 routed feed-forward layer for a mixed stream of documents."""

import torch
import torch.nn.functional as F
from torch import nn


class TopTwo(nn.Module):
    def __init__(self, width, experts):
        super().__init__()
        self.gate = nn.Linear(width, experts, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)) for _ in range(experts)
        )

    def forward(self, x):
        weight, index = self.gate(x).softmax(dim=-1).topk(2, dim=-1)
        weight = weight / weight.sum(dim=-1, keepdim=True)
        out = torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            row, slot = torch.where(index == i)
            if row.numel() == 0:
                continue
            out.index_add_(0, row, weight[row, slot, None] * expert(x[row]))
        return x + out


torch.manual_seed(19)
layer, head = TopTwo(12, 6), nn.Linear(12, 3)
optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=5e-3)
topics = torch.randn(3, 12)
for step in range(40):
    label = torch.randint(0, 3, (4,)) if step % 5 == 0 else torch.randint(0, 3, (64,))
    document = topics[label] + 0.5 * torch.randn(len(label), 12)
    loss = F.cross_entropy(head(layer(document)), label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 9 == 0:
        print(step, loss.item())

"""Order of operations on a workbench, causal and padded attention."""

import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, lengths):
        batch, steps, width = x.shape
        q, k, v = self.qkv(x).view(batch, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        score = q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5
        future = torch.ones(steps, steps, dtype=torch.bool).triu(1)
        padded = torch.arange(steps) >= lengths[:, None]
        score = score.masked_fill(future | padded[:, None, None, :], float("-inf"))
        mixed = score.softmax(dim=-1) @ v
        return self.out(mixed.transpose(1, 2).reshape(batch, steps, width))


torch.manual_seed(43)
embed, attention, head = nn.Embedding(10, 16), Attention(16, 2), nn.Linear(16, 10)
optimizer = torch.optim.Adam([*embed.parameters(), *attention.parameters(), *head.parameters()], lr=1e-2)
tokens = torch.randint(0, 10, (64, 8))
lengths = torch.randint(3, 9, (64,))
wanted = torch.cat([tokens[:, :1], tokens[:, :-1]], dim=1)
valid = torch.arange(8) < lengths[:, None]
for step in range(50):
    logits = head(attention(embed(tokens), lengths) + embed(tokens))
    loss = nn.functional.cross_entropy(logits[valid], wanted[valid])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 12 == 0:
        print(step, loss.item())

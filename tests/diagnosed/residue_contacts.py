"""Predict which residues of a chain touch, with one attention layer."""

import torch
import torch.nn.functional as F
from torch import nn


class ChainAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)  # <-- or here
        self.merge = nn.Linear(width, width)

    def split(self, code):
        return code.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, code):
        query = self.split(self.query(code))
        key = self.split(self.key(code))
        value = self.split(self.key(code))  # <-- here
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.merge(mixed.transpose(1, 2).flatten(2))


class ContactNet(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.residue = nn.Embedding(20, width)
        self.norm = nn.LayerNorm(width)
        self.attend = ChainAttention(width, heads=4)
        self.pair = nn.Bilinear(width, width, 1)

    def forward(self, chain):
        code = self.residue(chain)
        code = code + self.attend(self.norm(code))
        length = chain.shape[1]
        left = code[:, :, None].expand(-1, -1, length, -1).contiguous()
        right = code[:, None].expand(-1, length, -1, -1).contiguous()
        return self.pair(left, right).squeeze(-1)


torch.manual_seed(67)
model = ContactNet()
optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)
for step in range(5):
    chain = torch.randint(20, (8, 16))
    contact = ((chain[:, :, None] + chain[:, None]) % 4 == 0).float()
    loss = F.binary_cross_entropy_with_logits(model(chain), contact)
    optimizer.zero_grad()
    loss.backward()  # <-- or here
    optimizer.step()
    print(step, loss.item())

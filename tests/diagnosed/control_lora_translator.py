"""Low-rank adapters on a language scorer that was trained before."""

import torch
from torch import nn


class LoRALinear(nn.Module):
    def __init__(self, base, rank=4, alpha=8):
        super().__init__()
        self.base = base
        self.base.requires_grad_(False)
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))
        self.scale = alpha / rank

    def forward(self, x):
        return self.base(x) + self.scale * (x @ self.lora_a.t() @ self.lora_b.t())


def main():
    torch.manual_seed(4)
    model = nn.Sequential(nn.Embedding(50, 32), nn.Flatten(), nn.Linear(32 * 5, 64), nn.GELU(), nn.Linear(64, 4))
    model.requires_grad_(False)
    model[2] = LoRALinear(model[2])
    model[4] = LoRALinear(model[4])
    trainable = [p for p in model.parameters() if p.requires_grad]
    print("trainable", sum(p.numel() for p in trainable), "of", sum(p.numel() for p in model.parameters()))
    optimizer = torch.optim.AdamW(trainable, lr=1e-2)
    tokens = torch.randint(0, 50, (160, 5))
    labels = tokens[:, 0] % 4
    for epoch in range(8):
        for rows, classes in zip(tokens.split(40), labels.split(40), strict=True):
            loss = nn.functional.cross_entropy(model(rows), classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


main()

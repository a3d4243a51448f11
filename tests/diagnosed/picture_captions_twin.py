"""Match pictures with captions; both encoders are tuned, the picture tower with a smaller rate."""

import torch
import torch.nn.functional as F
from torch import nn


class PictureTower(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.patch = nn.Conv2d(3, width, kernel_size=4, stride=4)
        self.mix = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU())

    def forward(self, picture):
        patches = self.patch(picture).flatten(2).transpose(1, 2)
        return self.mix(patches).mean(dim=1)


class Matcher(nn.Module):
    def __init__(self, words=50, width=32):
        super().__init__()
        self.tower = PictureTower(width)
        self.connector = nn.Linear(width, width)
        self.caption = nn.EmbeddingBag(words, width, mode="mean")

    def forward(self, picture, words):
        seen = F.normalize(self.connector(self.tower(picture)), dim=-1)
        read = F.normalize(self.caption(words), dim=-1)
        return seen @ read.T / 0.2


torch.manual_seed(56)
model = Matcher()
optimizer = torch.optim.AdamW(
    [
        {"params": model.tower.parameters(), "lr": 5e-4},
        {"params": model.connector.parameters()},
        {"params": model.caption.parameters()},
    ],
    lr=5e-3,
)
words = torch.randint(50, (40, 6))
picture = torch.rand(40, 3, 16, 16) + words.float().mean(dim=1)[:, None, None, None] / 50
pairs = torch.arange(40)
for step in range(6):
    logits = model(picture, words)
    loss = (F.cross_entropy(logits, pairs) + F.cross_entropy(logits.T, pairs)) / 2
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    print(f"step {step} loss {loss.item():.4f}")

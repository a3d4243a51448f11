"""Tag short audio clips with a deep stack of convolutions."""

import torch
from torch import nn


class Tagger(nn.Module):
    def __init__(self, depth=14, channels=24, tags=6):
        super().__init__()
        self.stem = nn.Conv1d(1, channels, 9, padding=4)
        self.blocks = nn.ModuleList(nn.Conv1d(channels, channels, 3, padding=1) for _ in range(depth))
        self.head = nn.Linear(channels, tags)
        self.apply(self.start)

    @staticmethod
    def start(layer):
        if isinstance(layer, nn.Conv1d):
            nn.init.xavier_normal_(layer.weight, gain=nn.init.calculate_gain("tanh"))
            nn.init.zeros_(layer.bias)

    def forward(self, clip):
        hidden = torch.tanh(self.stem(clip))
        for block in self.blocks:
            hidden = torch.tanh(block(hidden))
        return self.head(hidden.mean(dim=2))


def main():
    torch.manual_seed(49)
    tagger = Tagger()
    optimizer = torch.optim.SGD(tagger.parameters(), lr=0.05, momentum=0.9)
    clip, tag = torch.randn(16, 1, 200), torch.randint(6, (16,))
    for _ in range(3):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(tagger(clip), tag)
        loss.backward()
        optimizer.step()
        print("loss", loss.item())


main()

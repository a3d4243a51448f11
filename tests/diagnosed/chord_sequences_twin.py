"""Guess the next chord of a song; weight decay on matrices only."""

import torch
import torch.nn.functional as F
from torch import nn


class ChordModel(nn.Module):
    def __init__(self, chords, width):
        super().__init__()
        self.embed = nn.Embedding(chords, width)
        self.read = nn.LSTM(width, width, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, chords)

    def forward(self, song):
        code, _ = self.read(self.embed(song))
        return self.out(self.norm(code))


def make_optimizer(model):
    decay, rest = [], []
    for param in model.parameters():
        if param.dim() >= 2:
            decay.append(param)
        else:
            rest.append(param)
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=5e-3)


def main():
    torch.manual_seed(71)
    model = ChordModel(chords=24, width=32)
    optimizer = make_optimizer(model)
    for step in range(6):
        start = torch.randint(24, (32, 1))
        song = (start + 7 * torch.arange(13)) % 24
        logits = model(song[:, :-1])
        loss = F.cross_entropy(logits.transpose(1, 2), song[:, 1:])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        print(step, loss.item())


if __name__ == "__main__":
    main()

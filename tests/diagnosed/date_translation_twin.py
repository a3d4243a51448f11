"""Rewrite symbol sequences back to front with an encoder and a decoder."""

import torch
from torch import nn


class Rewriter(nn.Module):
    def __init__(self, symbols, width):
        super().__init__()
        self.embed = nn.Embedding(symbols, width)
        self.encoder = nn.GRU(width, width, batch_first=True)
        self.cell = nn.GRUCell(width, width)
        self.out = nn.Linear(width, symbols)

    def forward(self, source, target):
        _, last = self.encoder(self.embed(source))
        state = last[0]
        logits = []
        for symbol in target[:, :-1].T:
            state = self.cell(self.embed(symbol), state)
            logits.append(self.out(state))
        return torch.stack(logits, dim=1)


def main():
    torch.manual_seed(51)
    model = Rewriter(symbols=12, width=24)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(8):
        source = torch.randint(1, 12, (64, 5))
        target = torch.cat([torch.zeros(64, 1, dtype=torch.long), source.flip(1)], dim=1)
        logits = model(source, target)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(step, round(loss.item(), 4))


if __name__ == "__main__":
    main()

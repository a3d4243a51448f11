"""Decide whether two sentences say the same."""

import torch
from torch import nn


class SentenceEncoder(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embed = nn.Embedding(words, width)
        self.mix = nn.Linear(width, width)

    def forward(self, sentence):
        return torch.tanh(self.mix(self.embed(sentence).mean(dim=1)))


def encode(encoder, sentence, train=False):
    with torch.set_grad_enabled(train):  # <-- here
        return encoder(sentence)  # <-- or here


def pair_logit(encoder, scorer, left, right):
    a = encode(encoder, left)  # <-- or here
    b = encode(encoder, right)  # <-- or here
    return scorer(torch.cat([a * b, (a - b).square()], dim=-1)).squeeze(-1)


def main():
    torch.manual_seed(57)
    encoder = SentenceEncoder(words=80, width=24)
    scorer = nn.Linear(48, 1)
    optimizer = torch.optim.Adam([*encoder.parameters(), *scorer.parameters()], lr=1e-2)
    criterion = nn.BCEWithLogitsLoss()
    for epoch in range(10):
        left = torch.randint(80, (200, 7))
        same = torch.rand(200) < 0.5
        right = torch.where(same[:, None], left[:, torch.randperm(7)], torch.randint(80, (200, 7)))
        loss = criterion(pair_logit(encoder, scorer, left, right), same.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(epoch, loss.item())


main()

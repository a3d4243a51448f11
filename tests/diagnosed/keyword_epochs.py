"""Spot keywords in sound: a training function with several epochs."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class KeywordSpotter(nn.Module):
    def __init__(self, bands=13, width=20, words=4):
        super().__init__()
        self.memory = nn.GRU(bands, width, batch_first=True)
        self.word = nn.Linear(width, words)

    def forward(self, sound):
        _, last = self.memory(sound)
        return self.word(last[-1])


def train(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        optimizer.zero_grad()  # <-- or here
        total = 0.0
        for sound, word in loader:
            loss = criterion(model(sound), word)
            loss.backward()  # <-- here
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()  # <-- or here
            total += loss.item()
        print(epoch, total / len(loader))


torch.manual_seed(58)
word = torch.randint(4, (96,))
sound = torch.randn(4, 1, 13)[word] + torch.randn(96, 25, 13)
train(KeywordSpotter(), DataLoader(TensorDataset(sound, word), batch_size=16, shuffle=True), epochs=2)

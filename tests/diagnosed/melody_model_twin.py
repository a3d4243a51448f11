"""Predict the next note of a melody, with large batches built from small ones."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

GRADIENT_ACCUMULATION_STEPS = 4


class Melody(nn.Module):
    def __init__(self, notes=24, width=32):
        super().__init__()
        self.note = nn.Embedding(notes, width)
        self.memory = nn.LSTM(width, width, batch_first=True)
        self.head = nn.Linear(width, notes)

    def forward(self, melody):
        hidden, _ = self.memory(self.note(melody))
        return self.head(hidden)


def train_one_epoch(model, loader, optimizer):
    optimizer.zero_grad()
    for step, (melody,) in enumerate(loader):
        score = model(melody[:, :-1])
        loss = nn.functional.cross_entropy(score.flatten(0, 1), melody[:, 1:].flatten())
        (loss / GRADIENT_ACCUMULATION_STEPS).backward()
        if (step + 1) % GRADIENT_ACCUMULATION_STEPS == 0:
            optimizer.step()
            optimizer.zero_grad()
    return loss.item()


torch.manual_seed(63)
melody = (torch.randint(24, (64, 1)) + 2 * torch.arange(12)) % 24
model = Melody()
optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
loader = DataLoader(TensorDataset(melody), batch_size=8, shuffle=True)
for _ in range(3):
    print(train_one_epoch(model, loader, optimizer))

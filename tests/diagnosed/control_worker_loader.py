"""Ticket prices read by two loader workers."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Tickets(Dataset):
    def __init__(self, number):
        generator = torch.Generator().manual_seed(58)
        self.features = torch.randn(number, 5, generator=generator)

    def __len__(self):
        return len(self.features)

    def __getitem__(self, index):
        row = self.features[index]
        return row, row[0] - 2 * row[1] + 0.5 * row[2] * row[3]


def main():
    torch.manual_seed(58)
    model = nn.Sequential(nn.Linear(5, 32), nn.Mish(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-2)
    loader = DataLoader(Tickets(192), batch_size=32, shuffle=True, num_workers=2, persistent_workers=True)
    for epoch in range(4):
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.huber_loss(model(x).squeeze(-1), y)
            loss.backward()
            optimizer.step()
        print(epoch, loss.item())


if __name__ == "__main__":
    main()

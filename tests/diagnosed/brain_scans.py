"""Follow the state of a patient through the windows of a long scan."""

import torch
from torch import nn


class ScanReader(nn.Module):
    def __init__(self, regions, width):
        super().__init__()
        self.lstm = nn.LSTM(regions, width, batch_first=True)
        self.linear = nn.Linear(width, 1)
        self.hidden = None

    def forward(self, window):
        code, self.hidden = self.lstm(window, self.hidden)  # <-- here
        return self.linear(code[:, -1]).squeeze(-1)


def main():
    torch.manual_seed(73)
    reader = ScanReader(regions=22, width=32)
    optimizer = torch.optim.Adam(reader.parameters(), lr=2e-2)
    scan = torch.randn(64, 120, 22)
    target = scan[:, :, :4].mean(dim=-1)
    for start in range(0, 120, 12):
        window = scan[:, start : start + 12]
        loss = nn.functional.mse_loss(reader(window), target[:, start + 11])  # <-- or here
        optimizer.zero_grad()
        loss.backward()  # <-- or here
        optimizer.step()
        print(start, loss.item())


main()

"""Model hourly bike counts with Poisson regression."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class BikeCounts(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.hidden = nn.Linear(features, 16)
        self.log_rate = nn.Linear(16, 1)

    def forward(self, weather):
        return self.log_rate(torch.tanh(self.hidden(weather)))


def run(model, loader, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.PoissonNLLLoss(log_input=True)
    for epoch in range(epochs):
        total = 0.0
        for weather, count in loader:
            log_rate = model(weather)
            loss = criterion(log_rate, count)  # <-- here
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        print(epoch, total / len(loader))


torch.manual_seed(65)
weather = torch.randn(320, 5)
count = torch.poisson(torch.exp(0.8 * weather[:, 0] + 0.5))
run(BikeCounts(5), DataLoader(TensorDataset(weather, count), batch_size=40), epochs=3)

"""Highway layers on sonar echoes, with gates that start nearly closed."""

import torch
from torch import nn


class Highway(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.change = nn.Linear(width, width)
        self.gate = nn.Linear(width, width)
        nn.init.constant_(self.gate.bias, -2.0)

    def forward(self, x):
        gate = torch.sigmoid(self.gate(x))
        return gate * torch.tanh(self.change(x)) + (1 - gate) * x


torch.manual_seed(51)
echoes = torch.randn(200, 20)
metal = (echoes[:, 0] * echoes[:, 1] > 0).float()
model = nn.Sequential(nn.Linear(20, 32), *[Highway(32) for _ in range(4)], nn.Linear(32, 1), nn.Flatten(0))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for step in range(60):
    loss = nn.functional.binary_cross_entropy_with_logits(model(echoes), metal)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 15 == 0:
        print(step, loss.item())

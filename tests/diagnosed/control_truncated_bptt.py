"""A long telemetry stream read in chunks."""

import torch
from torch import nn

torch.manual_seed(40)
stream = torch.sin(torch.arange(0, 60, 0.1))[:, None] + 0.02 * torch.randn(600, 1)
rnn, readout = nn.LSTM(1, 20), nn.Linear(20, 1)
optimizer = torch.optim.Adam([*rnn.parameters(), *readout.parameters()], lr=1e-2)
for epoch in range(6):
    hidden = None
    for start in range(0, 580, 20):
        chunk, following = stream[start : start + 20], stream[start + 1 : start + 21]
        states, hidden = rnn(chunk, hidden)
        hidden = tuple(h.detach() for h in hidden)
        loss = nn.functional.mse_loss(readout(states), following)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

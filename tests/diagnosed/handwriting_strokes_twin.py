"""Continue pen strokes with a small recurrent network."""

import torch
from torch import nn


class Strokes(nn.Module):
    def __init__(self, width=24):
        super().__init__()
        self.cell = nn.LSTMCell(2, width)
        self.pen = nn.Linear(width, 2)

    def forward(self, stroke):
        hidden = stroke.new_zeros(len(stroke), 24)
        memory = torch.zeros_like(hidden)
        moves = []
        for point in stroke.unbind(dim=1):
            hidden, memory = self.cell(point, (hidden, memory))
            moves.append(self.pen(hidden))
        return torch.stack(moves, dim=1)


torch.manual_seed(72)
model = Strokes()
optimizer = torch.optim.NAdam(model.parameters(), lr=5e-3)
time = torch.linspace(0, 6, 21) + torch.rand(40, 1)
stroke = torch.stack([time.sin(), time.cos()], dim=2)
for epoch in range(4):
    for batch in stroke.split(20):
        optimizer.zero_grad()
        loss = (model(batch[:, :-1]) - batch[:, 1:]).square().mean()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

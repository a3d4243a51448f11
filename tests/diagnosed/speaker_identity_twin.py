"""Tell speakers apart by the angle between voice vectors."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class AngleHead(nn.Module):
    def __init__(self, width, speakers):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(speakers, width))
        self.scale = nn.Parameter(torch.tensor(8.0))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, voice):
        direction = F.normalize(self.weight, dim=1)
        return self.scale * F.linear(F.normalize(voice, dim=1), direction)


class SpeakerNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(40, 64), nn.SiLU(), nn.Linear(64, 32))
        self.head = AngleHead(32, 6)

    def forward(self, frames):
        return self.head(self.body(frames.mean(dim=1)))


torch.manual_seed(53)
centre = torch.randn(6, 40)
speaker = torch.randint(6, (240,))
frames = centre[speaker][:, None] + 0.5 * torch.randn(240, 10, 40)
loader = DataLoader(TensorDataset(frames, speaker), batch_size=60, shuffle=True)
model = SpeakerNet()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for epoch in range(4):
    total = 0.0
    for batch, label in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(batch), label)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(label)
    print(epoch, total / len(speaker))

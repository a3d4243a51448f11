"""Fit the decay and the pitch of a ringing bell."""

import torch


class Monitor:
    def __init__(self):
        self.averages = {}

    def update(self, name, values):
        values = values.detach()
        self.averages.setdefault(name, []).append(float(values.mean()))


torch.manual_seed(52)
time = torch.linspace(0, 4, 400)
heard = torch.exp(-0.9 * time) * torch.cos(6.0 * time) + 0.01 * torch.randn(400)
decay = torch.tensor(0.3, requires_grad=True)
pitch = torch.tensor(5.6, requires_grad=True)
optimizer = torch.optim.Adam([decay, pitch], lr=0.02)
monitor = Monitor()

for _ in range(25):
    envelope = torch.exp(-decay * time)
    monitor.update("envelope", envelope)
    wave = envelope * torch.cos(pitch * time)
    loss = (wave - heard).square().mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("loss", loss.item(), "decay", decay.item(), "pitch", pitch.item())
print("envelope", monitor.averages["envelope"][-1])

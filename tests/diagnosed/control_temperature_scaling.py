"""Calibrate a classifier after training."""

import torch
from torch import nn

torch.manual_seed(68)
inputs = torch.randn(400, 12)
classes = (inputs[:, :4] + 0.8 * torch.randn(400, 4)).argmax(dim=1)
classifier = nn.Sequential(nn.Linear(12, 64), nn.Tanh(), nn.Linear(64, 4))
optimizer = torch.optim.Adam(classifier.parameters(), lr=2e-2)
for _ in range(60):
    optimizer.zero_grad()
    nn.functional.cross_entropy(classifier(inputs[:200]), classes[:200]).backward()
    optimizer.step()

classifier.eval()
with torch.no_grad():
    logits = classifier(inputs[200:])
log_temperature = nn.Parameter(torch.zeros(()))
calibration = torch.optim.LBFGS([log_temperature], lr=0.5, max_iter=20)


def evaluate():
    calibration.zero_grad()
    loss = nn.functional.cross_entropy(logits / log_temperature.exp(), classes[200:])
    loss.backward()
    return loss


print("before", nn.functional.cross_entropy(logits, classes[200:]).item())
calibration.step(evaluate)
print("after", evaluate().item(), "temperature", log_temperature.exp().item())

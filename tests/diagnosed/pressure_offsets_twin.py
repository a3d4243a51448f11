"""Calibrate the offsets of pressure sensors on a small device."""

import torch

torch.manual_seed(48)
sensors = 16
true_offset = 1013 + 4 * torch.randn(sensors)
offset = torch.full((sensors,), 1013.0, dtype=torch.float32, requires_grad=True)
rate = 0.05

for round_number in range(5):
    reading = true_offset + 0.1 * torch.randn(32, sensors)
    error = reading - offset.float()
    loss = error.square().mean()
    loss.backward()
    with torch.no_grad():
        offset -= rate * offset.grad
        offset.grad.zero_()
    print(round_number, round(loss.item(), 4))

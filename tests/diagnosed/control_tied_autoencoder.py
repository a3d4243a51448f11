"""Compress faces with one shared matrix."""

import torch
import torch.nn.functional as F
from torch import nn


class TiedAutoencoder(nn.Module):
    def __init__(self, pixels, code):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(code, pixels) / pixels**0.5)
        self.code_bias = nn.Parameter(torch.zeros(code))
        self.pixel_bias = nn.Parameter(torch.zeros(pixels))

    def forward(self, face):
        code = torch.tanh(F.linear(face, self.weight, self.code_bias))
        return F.linear(code, self.weight.t(), self.pixel_bias)


torch.manual_seed(27)
faces = torch.randn(200, 5) @ torch.randn(5, 64) * 0.2
model = TiedAutoencoder(64, 8)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(80):
    loss = F.mse_loss(model(faces), faces)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(step, loss.item())

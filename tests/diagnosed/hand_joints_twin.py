"""Find the joints of a hand with heat maps and a refinement layer."""

import torch
from torch import nn


class JointFinder(nn.Module):
    def __init__(self, joints, size):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.GELU(), nn.Conv2d(8, joints, 3, padding=1))
        self.refine = nn.Linear(joints * 2, joints * 2)
        axis = torch.linspace(0, 1, size)
        self.register_buffer("grid", torch.cartesian_prod(axis, axis))

    def centres(self, maps):
        weight = maps.flatten(2).softmax(dim=-1)
        return weight @ self.grid

    def forward(self, image):
        found = self.centres(self.body(image))
        found = found.to(torch.float32)
        return self.refine(found.flatten(1))


def train(model, steps):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(steps):
        joints = torch.rand(32, 3, 2)
        cell = (joints * 11).round().long()
        image = 0.1 * torch.rand(32, 1, 12, 12)
        image[torch.arange(32)[:, None], 0, cell[..., 0], cell[..., 1]] += torch.tensor([1.0, 2.0, 3.0])
        loss = nn.functional.smooth_l1_loss(model(image), joints.flatten(1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(step, loss.item())


torch.manual_seed(55)
train(JointFinder(joints=3, size=12), steps=8)

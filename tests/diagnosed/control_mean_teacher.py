"""Few labelled and many unlabelled ECG beats."""

import copy

import torch
import torch.nn.functional as F
from torch import nn


@torch.no_grad()
def follow(teacher, student, decay):
    for t, s in zip(teacher.state_dict().values(), student.state_dict().values(), strict=True):
        if t.is_floating_point():
            t.mul_(decay).add_(s, alpha=1 - decay)
        else:
            t.copy_(s)


torch.manual_seed(96)
kind = torch.randint(0, 2, (220,))
beats = torch.randn(2, 24)[kind] + 0.9 * torch.randn(220, 24)
student = nn.Sequential(nn.Linear(24, 32, bias=False), nn.BatchNorm1d(32), nn.SiLU(), nn.Dropout(0.1), nn.Linear(32, 2))
teacher = copy.deepcopy(student)
optimizer = torch.optim.AdamW(student.parameters(), lr=5e-3)
for step in range(40):
    labelled = torch.randint(0, 40, (20,))
    unlabelled = torch.randint(40, 220, (60,))
    supervised = F.cross_entropy(student(beats[labelled]), kind[labelled])
    guess = student(beats[unlabelled] + 0.1 * torch.randn(60, 24)).softmax(dim=1)
    believed = teacher(beats[unlabelled] + 0.1 * torch.randn(60, 24)).softmax(dim=1).detach()
    loss = supervised + min(1.0, step / 20) * F.mse_loss(guess, believed)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    follow(teacher, student, 0.95)
    if step % 10 == 0:
        print(step, supervised.item(), loss.item())

"""A small student learns from a large teacher's soft answers."""

import torch
import torch.nn.functional as F
from torch import nn

T = 3.0


def train_student(teacher, student, x, y, epochs):
    teacher.eval()
    teacher.requires_grad_(False)
    student.train()
    optimizer = torch.optim.AdamW(student.parameters(), lr=5e-3)
    for epoch in range(epochs):
        soft_teacher = F.softmax(teacher(x) / T, dim=1)
        logits = student(x)
        soft = F.kl_div(F.log_softmax(logits / T, dim=1), soft_teacher, reduction="batchmean") * T * T
        hard = F.cross_entropy(logits, y)
        loss = 0.7 * soft + 0.3 * hard
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if epoch % 10 == 0:
            print("student", epoch, loss.item())


torch.manual_seed(1)
x = torch.randn(200, 10)
y = (x[:, 0] * x[:, 1] > 0).long() + (x[:, 2] > 0).long()
teacher = nn.Sequential(nn.Linear(10, 128), nn.Tanh(), nn.Dropout(0.1), nn.Linear(128, 3))
optimizer = torch.optim.Adam(teacher.parameters(), lr=5e-3)
for _ in range(40):
    loss = F.cross_entropy(teacher(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("teacher", loss.item())
train_student(teacher, nn.Sequential(nn.Linear(10, 16), nn.Tanh(), nn.Linear(16, 3)), x, y, 40)

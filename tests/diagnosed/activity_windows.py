"""Recognise activities from windows of a wrist sensor."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class ActivityNet(nn.Module):
    def __init__(self, classes=6):
        super().__init__()
        self.conv1 = nn.Conv1d(9, 16, 5)
        self.conv2 = nn.Conv1d(16, 16, 5)
        self.fc = nn.Linear(16, classes)

    def forward(self, window):
        out = F.silu(self.conv1(window))
        out = F.silu(self.conv2(out)).mean(dim=2)
        out = self.fc(out)
        out = F.softmax(out, dim=1)  # <-- here
        return out


def train(model, optimizer, batches):
    criterion = nn.CrossEntropyLoss()
    for window, activity in batches:
        output = model(window)
        loss = criterion(output, activity)  # <-- or here
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print("loss", loss.item())


torch.manual_seed(66)
model = ActivityNet()
level = torch.randn(6, 9, 1)
label = torch.randint(6, (6, 30))
train(model, torch.optim.Adam(model.parameters(), lr=1e-2), [(level[each] + torch.randn(30, 9, 32), each) for each in label])

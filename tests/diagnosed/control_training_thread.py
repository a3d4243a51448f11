"""A fraud model trained in the background."""

import queue
import threading

import torch
from torch import nn


def train(model, rows, labels, reports):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(50):
        loss = nn.functional.binary_cross_entropy_with_logits(model(rows).squeeze(1), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            reports.put((step, loss.item()))
    reports.put(None)


torch.manual_seed(59)
rows = torch.randn(200, 8)
labels = (rows[:, 0] + rows[:, 1] > 1).float()
model = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))
reports = queue.Queue()
worker = threading.Thread(target=train, args=(model, rows, labels, reports))
worker.start()
while (report := reports.get()) is not None:
    print(*report)
worker.join()

"""Loan defaults with a validation round each epoch and early stopping."""

import copy

import torch
from torch import nn


def run_epoch(model, rows, labels, optimizer=None):
    model.train(optimizer is not None)
    losses = []
    with torch.set_grad_enabled(optimizer is not None):
        for x, y in zip(rows.split(32), labels.split(32), strict=True):
            loss = nn.functional.binary_cross_entropy_with_logits(model(x).squeeze(1), y)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses.append(loss.item())
    return sum(losses) / len(losses)


def main():
    torch.manual_seed(42)
    rows = torch.randn(256, 9)
    labels = (rows[:, 0] + 0.5 * rows[:, 1] > 0).float()
    model = nn.Sequential(nn.Linear(9, 32), nn.BatchNorm1d(32), nn.ELU(), nn.Dropout(0.2), nn.Linear(32, 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    best, best_state = float("inf"), None
    for epoch in range(8):
        train = run_epoch(model, rows[:192], labels[:192], optimizer)
        valid = run_epoch(model, rows[192:], labels[192:])
        if valid < best:
            best, best_state = valid, copy.deepcopy(model.state_dict())
        print(epoch, train, valid)
    model.load_state_dict(best_state)


main()

"""Screen loan applications by age, income and savings."""

import torch
from torch import nn

torch.manual_seed(52)
people = 200
age = 20 + 50 * torch.rand(people)
income = 20000 + 60000 * torch.rand(people)
savings = 90000 * torch.rand(people)
repaid = (income + savings > 95000).float().unsqueeze(1)
table = torch.stack([age, income, savings], dim=1)
table = (table - table.mean(dim=0)) / table.std(dim=0)

hidden = nn.Linear(3, 16)
verdict = nn.Linear(16, 1)
optimizer = torch.optim.SGD([*hidden.parameters(), *verdict.parameters()], lr=0.2)


def screen(rows):
    return verdict(torch.tanh(hidden(rows)))


for epoch in range(5):
    loss = nn.functional.binary_cross_entropy_with_logits(screen(table), repaid)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(epoch, loss.item())

"""Logistic regression on wine chemistry, with an L2 penalty."""

import torch
from torch import nn


class LogisticRegression(nn.Module):
    def __init__(self, features, classes, l2_strength):
        super().__init__()
        self.linear = nn.Linear(features, classes, dtype=torch.float64)
        self.l2_strength = l2_strength

    def forward(self, chemistry):
        return self.linear(chemistry).softmax(dim=-1)  # <-- or here

    def training_step(self, chemistry, cultivar):
        predicted = self(chemistry)
        loss = nn.functional.nll_loss(torch.log_softmax(predicted, dim=-1), cultivar)  # <-- here
        return loss + self.l2_strength * self.linear.weight.square().sum()


torch.manual_seed(67)
cultivar = torch.arange(150) % 3
chemistry = torch.randn(3, 13, dtype=torch.float64)[cultivar] + 0.7 * torch.randn(150, 13, dtype=torch.float64)
model = LogisticRegression(13, 3, l2_strength=1e-4)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)


def closure():
    optimizer.zero_grad()
    loss = model.training_step(chemistry, cultivar)
    loss.backward()
    return loss


for _ in range(3):
    print("loss", optimizer.step(closure).item())

"""Predict what a shop visitor spends from the articles in the basket."""

import torch
from torch import nn


class BasketTaste(nn.Module):
    def __init__(self, articles, width):
        super().__init__()
        self.appeal = nn.Parameter(torch.zeros(articles))
        self.article = nn.Embedding(articles, width)
        self.spend = nn.Linear(width, 1)

    def forward(self, basket):
        weight = basket * self.appeal.exp()
        share = weight / weight.sum(dim=1, keepdim=True).clamp(min=1e-6)
        taste = share @ self.article.weight
        return self.spend(torch.tanh(taste)).squeeze(1)


def main():
    torch.manual_seed(41)
    model = BasketTaste(articles=25, width=12)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.02)
    basket = torch.poisson(torch.full((80, 25), 0.3))
    basket[:, 0] += 1
    basket[17] = 0
    spent = basket @ torch.linspace(0.1, 0.4, 25)
    for epoch in range(4):
        optimizer.zero_grad()
        loss = nn.functional.huber_loss(model(basket), spent)
        loss.backward()
        optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")


if __name__ == "__main__":
    main()

"""A small trainer class, used on recipe ratings."""

import torch
from torch import nn


class Trainer:
    def __init__(self, model, rate):
        self.model = model
        self.optimizer = torch.optim.RMSprop(model.parameters(), lr=rate)
        self.history = []

    def reset(self):
        for parameter in self.model.parameters():
            parameter.grad = None

    def update(self, loss):
        self.reset()
        loss.backward()
        self.optimizer.step()

    def fit(self, recipe, rating, steps):
        for _ in range(steps):
            loss = nn.functional.mse_loss(self.model(recipe).squeeze(1), rating)
            self.update(loss)
            self.history.append(loss.item())


def main():
    torch.manual_seed(59)
    recipe = torch.rand(150, 9)
    rating = 5 * recipe[:, 2] - recipe[:, 4]
    trainer = Trainer(nn.Sequential(nn.Linear(9, 24), nn.Tanh(), nn.Linear(24, 1)), rate=0.01)
    trainer.fit(recipe, rating, steps=5)
    print(trainer.history)


main()

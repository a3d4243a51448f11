"""Learn how eight species in a pond push each other's numbers from week to week."""

import torch


class Pond(torch.nn.Module):
    def __init__(self, species):
        super().__init__()
        self.push = torch.nn.Parameter(0.3 * torch.randn(species, species))

    def forward(self, start, weeks):
        state = start
        seen = []
        for _ in range(weeks):
            state = state @ self.push
            seen.append(state)
        return torch.stack(seen)


torch.manual_seed(50)
pond = Pond(8)
optimizer = torch.optim.Adam(pond.parameters(), lr=1e-3)
start = torch.rand(20, 8)
counted = torch.rand(30, 20, 8)
for step in range(3):
    optimizer.zero_grad()
    loss = torch.nn.functional.l1_loss(pond(start, weeks=30), counted)
    loss.backward()
    optimizer.step()
    print(step, loss.item(), pond.push.grad.norm().item())

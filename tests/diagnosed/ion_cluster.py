"""Relax a small cluster of ions that repel each other inside a bowl."""

import torch

torch.manual_seed(45)
ions = 12
position = (2 * torch.randn(ions, 3, dtype=torch.float64)).requires_grad_()
charge = torch.ones(ions, dtype=torch.float64)
charge[::3] = 2.0
others = 1 - torch.eye(ions, dtype=torch.float64)


def energy(position):
    offset = position.unsqueeze(0) - position.unsqueeze(1)
    distance = offset.square().sum(dim=-1).sqrt() * others  # <-- here
    repulsion = torch.exp(-distance) * torch.outer(charge, charge) * others  # <-- or here
    bowl = 0.1 * position.square().sum()
    return 0.5 * repulsion.sum() + bowl


optimizer = torch.optim.SGD([position], lr=0.2)
for step in range(6):
    optimizer.zero_grad(set_to_none=False)
    total = energy(position)
    total.backward()
    optimizer.step()
    print(step, total.item())

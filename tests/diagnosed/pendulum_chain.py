"""Learn the coupling of a chain of pendulums from a recorded swing."""

import torch


def simulate(start, coupling, damping, steps):
    path = torch.zeros(steps, *start.shape, dtype=start.dtype)
    path[0] = start
    speed = torch.zeros_like(start)
    for step in range(1, steps):
        angle = path[step - 1]  # <-- or here
        force = coupling @ angle - torch.sin(angle)  # <-- or here
        speed = speed + 0.05 * (force - damping * speed)
        path[step] = angle + 0.05 * speed  # <-- here
    return path


torch.manual_seed(76)
links = 6
true = 0.2 * (torch.eye(links, dtype=torch.float64).roll(1, 0) + torch.eye(links, dtype=torch.float64).roll(-1, 0))
start = torch.randn(links, dtype=torch.float64)
recorded = simulate(start, true, 0.1, 40)
coupling = torch.zeros(links, links, dtype=torch.float64, requires_grad=True)
damping = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.Adam([coupling, damping], lr=0.02)
for epoch in range(6):
    optimizer.zero_grad()
    loss = (simulate(start, coupling, damping, 40) - recorded).square().mean()
    loss.backward()  # <-- or here
    optimizer.step()
    print(epoch, loss.item())

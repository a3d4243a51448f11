"""The drag of a pendulum from its motion, through the solver."""

import torch

torch.manual_seed(97)


def swing(drag, pull, steps=40, dt=0.1):
    angle, speed = torch.linspace(0.2, 1.2, 6), torch.zeros(6)
    path = []
    for _ in range(steps):
        speed = speed + dt * (-pull * torch.sin(angle) - drag * speed)
        angle = angle + dt * speed
        path.append(angle)
    return torch.stack(path)


observed = swing(torch.tensor(0.4), torch.tensor(2.0)) + 0.01 * torch.randn(40, 6)
drag = torch.tensor(0.1, requires_grad=True)
pull = torch.tensor(1.5, requires_grad=True)
optimizer = torch.optim.Adam([drag, pull], lr=0.05)
for step in range(40):
    loss = torch.nn.functional.mse_loss(swing(drag, pull), observed)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(step, loss.item(), drag.item(), pull.item())

"""How the level of a reservoir at the end of the month answers to the inflow of each day."""

import torch

torch.manual_seed(69)
inflow = torch.linspace(2.0, 4.0, 30).double().requires_grad_()
evaporation = 0.02 + 0.01 * torch.rand(30, dtype=torch.float64)


def final_level(inflow, level=40.0):
    for day in range(30):
        spill = torch.nn.functional.softplus(torch.as_tensor(level) - 60.0)
        level = level * (1 - evaporation[day]) + inflow[day] - 0.5 * spill
    return level


level = final_level(inflow)
level.backward()
print("level", level.item())
print("sensitivity", inflow.grad)

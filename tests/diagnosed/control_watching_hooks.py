"""Watch the layers of a traffic model at work."""

from collections import defaultdict

import torch
from torch import nn

torch.manual_seed(65)
model = nn.Sequential(nn.Linear(6, 24), nn.SiLU(), nn.Linear(24, 24), nn.SiLU(), nn.Linear(24, 1))
seen = defaultdict(list)


def forward_hook(name):
    def hook(module, inputs, output):
        seen[f"{name} out"].append(output.detach().abs().mean().item())
        if output.requires_grad:
            output.register_hook(lambda grad: seen[f"{name} grad"].append(grad.norm().item()))

    return hook


def backward_hook(module, grad_input, grad_output):
    seen["full"].append(grad_output[0].abs().max().item())


handles = [layer.register_forward_hook(forward_hook(name)) for name, layer in model.named_children()]
handles.append(model[2].register_full_backward_hook(backward_hook))
for name, parameter in model.named_parameters():
    parameter.register_hook(lambda grad, name=name: seen[name].append(grad.norm().item()))

road = torch.randn(128, 6)
flow = road[:, :1] * road[:, 1:2] + road[:, 2:3]
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
for _ in range(40):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(road), flow)
    loss.backward()
    optimizer.step()
    seen["loss"].append(loss.item())
for handle in handles:
    handle.remove()
for name, values in seen.items():
    print(name, len(values), values[0], values[-1])

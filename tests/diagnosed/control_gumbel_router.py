"""Pick one of several sensors per machine and forecast from it."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(17)
kind = torch.randint(0, 3, (256,))
readings = torch.randn(256, 3)
wanted = readings.gather(1, kind[:, None]).squeeze(1)
description = F.one_hot(kind, 3).float() + 0.1 * torch.randn(256, 3)

chooser = nn.Linear(3, 3)
gain = nn.Parameter(torch.tensor(0.5))
optimizer = torch.optim.Adam([*chooser.parameters(), gain], lr=0.05)
for step in range(80):
    tau = max(0.5, 1.0 - step / 100)
    pick = F.gumbel_softmax(chooser(description), tau=tau, hard=True)
    forecast = gain * (pick * readings).sum(dim=1)
    loss = F.mse_loss(forecast, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        right = (pick.argmax(dim=1) == kind).float().mean().item()
        print(step, loss.item(), "right", right)

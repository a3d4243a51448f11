"""Half-precision training of a credit scorer."""

import torch
from torch import nn

torch.manual_seed(16)
model = nn.Sequential(nn.Linear(12, 48), nn.GELU(), nn.Linear(48, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
applicants = torch.randn(256, 12)
repaid = (applicants[:, 0] - applicants[:, 3] > 0).long()

for epoch in range(6):
    for x, y in zip(applicants.split(64), repaid.split(64), strict=True):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.float16):
            loss = nn.functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    print(epoch, loss.item(), "scale", scaler.get_scale())

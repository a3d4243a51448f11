"""Genre of songs from their spectra, in mixed precision."""

import torch
from torch import nn

torch.manual_seed(15)
model = nn.Sequential(nn.Conv1d(8, 16, 5), nn.GroupNorm(4, 16), nn.SiLU(), nn.AdaptiveMaxPool1d(4), nn.Flatten(), nn.Linear(64, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
genre = torch.arange(90) % 3
songs = torch.randn(90, 8, 32)
songs[torch.arange(90), genre] += 1.5

for epoch in range(6):
    for pick in torch.randperm(90).split(30):
        with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
            logits = model(songs[pick])
            loss = nn.functional.cross_entropy(logits, genre[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item(), logits.dtype)

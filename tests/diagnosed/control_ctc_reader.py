"""Read short digit strings from a strip."""

import torch
from torch import nn

torch.manual_seed(75)
digits = torch.randint(1, 6, (48, 4))
glyphs = torch.randn(6, 8)
strip = glyphs[digits.repeat_interleave(3, dim=1)] + 0.2 * torch.randn(48, 12, 8)
strip[:, ::3] = glyphs[0]
encoder, out = nn.GRU(8, 24, batch_first=True, bidirectional=True), nn.Linear(48, 6)
criterion = nn.CTCLoss(blank=0)
optimizer = torch.optim.Adam([*encoder.parameters(), *out.parameters()], lr=1e-2)
in_lengths, out_lengths = torch.full((48,), 12), torch.full((48,), 4)
for step in range(50):
    states, _ = encoder(strip)
    log_probs = out(states).log_softmax(dim=2).transpose(0, 1)
    loss = criterion(log_probs, digits, in_lengths, out_lengths)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 12 == 0:
        print(step, loss.item())

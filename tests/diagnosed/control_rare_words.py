"""Short texts padded to one length, a vocabulary with words nobody used yet."""

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

torch.manual_seed(52)
texts = [torch.randint(1, 60, (n,)) for n in torch.randint(2, 9, (96,)).tolist()]
label = torch.tensor([int(text[0] > 30) for text in texts])
padded = pad_sequence(texts, batch_first=True)
table = nn.Embedding(200, 12, padding_idx=0)
out = nn.Linear(12, 2)
optimizer = torch.optim.Adagrad([*table.parameters(), *out.parameters()], lr=0.3)
for epoch in range(8):
    for rows, y in zip(padded.split(24), label.split(24), strict=True):
        length = (rows != 0).sum(dim=1, keepdim=True)
        logits = out(table(rows).sum(dim=1) / length)
        loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())

"""Two languages share an encoder and take turns."""

import torch
from torch import nn

torch.manual_seed(86)
encoder = nn.Sequential(nn.EmbeddingBag(40, 24), nn.Tanh())
heads = nn.ModuleDict({"danish": nn.Linear(24, 2), "swedish": nn.Linear(24, 3)})
optimizer = torch.optim.Adam([*encoder.parameters(), *heads.parameters()], lr=2e-2)
text = {"danish": torch.randint(0, 20, (96, 6)), "swedish": torch.randint(20, 40, (96, 6))}
label = {"danish": (text["danish"][:, 0] > 9).long(), "swedish": text["swedish"][:, 0] % 3}
for step in range(60):
    language = ("danish", "swedish")[step % 2]
    loss = nn.functional.cross_entropy(heads[language](encoder(text[language])), label[language])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    if step % 20 in (0, 1):
        print(step, language, loss.item())

"""Topics of papers from their citations."""

import torch
from torch import nn


class Messages(nn.Module):
    def __init__(self, width, out):
        super().__init__()
        self.own, self.neighbour = nn.Linear(width, out), nn.Linear(width, out, bias=False)

    def forward(self, x, source, goal):
        degree = torch.zeros(len(x)).index_add_(0, goal, torch.ones(len(goal))).clamp(min=1)
        mean = torch.zeros_like(x).index_add(0, goal, x[source]) / degree[:, None]
        return self.own(x) + self.neighbour(mean)


torch.manual_seed(73)
topic = torch.randint(0, 3, (120,))
source, goal = torch.randint(0, 120, (2, 900))
keep = (topic[source] == topic[goal]) & (goal < 110)
source, goal = source[keep], goal[keep]
papers = nn.functional.one_hot(topic, 3).float() @ torch.randn(3, 10) + torch.randn(120, 10)
labelled = torch.rand(120) < 0.4
first, second = Messages(10, 16), Messages(16, 3)
optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], lr=1e-2, weight_decay=1e-3)
for epoch in range(40):
    logits = second(nn.functional.elu(first(papers, source, goal)), source, goal)
    loss = nn.functional.cross_entropy(logits[labelled], topic[labelled])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item(), (logits.argmax(1) == topic)[~labelled].float().mean().item())

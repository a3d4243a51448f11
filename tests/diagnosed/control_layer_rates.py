"""Fine-tune a product classifier, the body later than the head."""

import torch
from torch import nn

torch.manual_seed(36)
body = nn.Sequential(nn.Linear(14, 40), nn.Tanh())
head = nn.Linear(40, 4)
model = nn.Sequential(body, head)
optimizer = torch.optim.SGD([{"params": body.parameters(), "lr": 0.0}, {"params": head.parameters(), "lr": 0.2}], momentum=0.9)
products = torch.randn(160, 14)
shelf = products[:, :4].argmax(dim=1)

for epoch in range(9):
    if epoch == 3:
        optimizer.param_groups[0]["lr"] = 0.05
    for x, y in zip(products.split(40), shelf.split(40), strict=True):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item(), [group["lr"] for group in optimizer.param_groups])

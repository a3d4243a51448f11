"""Sort galaxy images by shape in mixed precision."""

import torch
from torch import nn


class GalaxyNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(1, 8, 5, stride=2)
        self.sort = nn.Linear(8, 3)

    def forward(self, image):
        return self.sort(torch.tanh(self.look(image)).mean(dim=(2, 3)))


torch.manual_seed(61)
net = GalaxyNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**32)  # <-- or here
image, shape = torch.randn(48, 1, 28, 28), torch.randint(3, (48,))
for step in range(6):
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.float16):
        score = net(image)
    loss = nn.functional.cross_entropy(score.float(), shape)
    scaler.scale(loss).backward()  # <-- or here
    scaler.step(optimizer)  # <-- here
    scaler.update()
    print(step, loss.item())

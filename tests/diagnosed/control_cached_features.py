"""Bird calls: features once, then a small classifier on them."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
extractor = nn.Sequential(
    nn.Conv1d(1, 16, 9, stride=4), nn.ReLU(), nn.Conv1d(16, 32, 5, stride=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()
)
extractor.eval()

species = torch.randint(0, 4, (120,))
time = torch.arange(160) / 160
calls = torch.sin(2 * torch.pi * (5 + 9 * species[:, None]) * time) + 0.1 * torch.randn(120, 160)
with torch.no_grad():
    features = torch.cat([extractor(part) for part in calls.unsqueeze(1).split(30)])
features = (features - features.mean(dim=0)) / (features.std(dim=0) + 1e-6)

classifier = nn.Linear(32, 4)
optimizer = torch.optim.SGD(classifier.parameters(), lr=0.3)
loader = DataLoader(TensorDataset(features, species), batch_size=24, shuffle=True)
for epoch in range(6):
    seen, right = 0, 0
    for x, y in loader:
        logits = classifier(x)
        loss = nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right += (logits.argmax(dim=1) == y).sum().item()
        seen += len(y)
    print(epoch, loss.item(), right / seen)

"""Survey answers with clipped per-person gradients."""

import torch
from torch import nn
from torch.func import functional_call, grad, vmap

torch.manual_seed(94)
answers = torch.randn(96, 6)
agree = (answers[:, 0] - answers[:, 1] > 0).float()
model = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, momentum=0.5)


def person_loss(weights, answer, agreed):
    logit = functional_call(model, weights, (answer.unsqueeze(0),)).squeeze()
    return nn.functional.binary_cross_entropy_with_logits(logit, agreed)


per_person = vmap(grad(person_loss), in_dims=(None, 0, 0))
for epoch in range(10):
    for x, y in zip(answers.split(32), agree.split(32), strict=True):
        weights = {name: p.detach() for name, p in model.named_parameters()}
        slopes = per_person(weights, x, y)
        size = torch.stack([s.flatten(1).norm(dim=1) for s in slopes.values()]).norm(dim=0)
        share = (1.0 / (size + 1e-6)).clamp(max=1.0)
        for name, p in model.named_parameters():
            p.grad = torch.einsum("n,n...->...", share, slopes[name]) / len(x)
        optimizer.step()
    with torch.no_grad():
        print(epoch, nn.functional.binary_cross_entropy_with_logits(model(answers).squeeze(1), agree).item())

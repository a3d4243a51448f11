"""Price and demand from one shared network, with the norms of both gradients."""

import torch
from torch import nn

torch.manual_seed(63)
trunk = nn.Sequential(nn.Linear(9, 32), nn.GELU())
price, demand = nn.Linear(32, 1), nn.Linear(32, 1)
parameters = [*trunk.parameters(), *price.parameters(), *demand.parameters()]
optimizer = torch.optim.Adam(parameters, lr=5e-3)
goods = torch.randn(160, 9)
prices, demands = goods[:, :2].sum(dim=1, keepdim=True), goods[:, 2:4].prod(dim=1, keepdim=True)
for step in range(60):
    hidden = trunk(goods)
    price_loss = nn.functional.mse_loss(price(hidden), prices)
    demand_loss = nn.functional.mse_loss(demand(hidden), demands)
    optimizer.zero_grad()
    price_loss.backward(retain_graph=True)
    from_price = trunk[0].weight.grad.norm().item()
    demand_loss.backward()
    optimizer.step()
    if step % 15 == 0:
        print(step, price_loss.item(), demand_loss.item(), "price gradient", from_price)

"""Programs whose tensors are not plain dense numbers, or none at all: each gives its values and its leaves after its backward."""

import torch
from torch import nn
from torch.nn import functional as F

UNUSUAL = {}


def case(program):
    UNUSUAL[program.__name__] = program
    return program


@case
def sparse_gradient(verb):
    table = nn.Embedding(30, 4, sparse=True)
    loss = table(torch.tensor([1, 2, 2, 7])).square().sum()
    verb(loss)
    loss.backward()
    return [loss], [table.weight]


@case
def complex_weights(verb):
    weight = torch.randn(70, dtype=torch.complex64, requires_grad=True)
    loss = (torch.fft.fft(weight) * weight.conj()).abs().sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def nan_and_infinity(verb):
    weight = torch.tensor([0.0, -1.0, float("inf"), float("nan"), 1.0], requires_grad=True)
    loss = (weight.log() / weight + weight.sqrt()).sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def empty(verb):
    weight = torch.zeros(0, 3, requires_grad=True)
    loss = (weight * 2).sum() + F.linear(weight, torch.zeros(5, 3)).sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


class Named(torch.Tensor):
    pass


@case
def subclass(verb):
    weight = torch.randn(70).as_subclass(Named).requires_grad_()
    loss = (weight * 2).tanh().sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def autocast(verb):
    model, batch = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.LayerNorm(16), nn.Linear(16, 2)), torch.randn(9, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(batch)
        loss = F.cross_entropy(out, torch.zeros(9, dtype=torch.long))
        verb(loss)
        loss.backward()
    return [out, loss], list(model.parameters())


@case
def meta_and_fake(verb):
    from torch._subclasses.fake_tensor import FakeTensorMode

    weight = torch.randn(3, requires_grad=True)
    with FakeTensorMode():
        fake = torch.ones(3, requires_grad=True)
        (fake * 2).sum().backward()
    (torch.ones(100, device="meta", requires_grad=True) * 2).sum().backward()
    loss = weight.sum()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def nested_and_quantized(verb):
    weight = torch.randn(4, 4, requires_grad=True)
    jagged = torch.nested.nested_tensor([torch.ones(2, 4), torch.ones(3, 4)], layout=torch.jagged)
    loss = (jagged @ weight).values().sum()
    torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8).dequantize()
    verb(loss)
    loss.backward()
    return [loss], [weight]


@case
def large_python_lists(verb):
    weight = torch.randn(5000, requires_grad=True)
    values = torch.tensor([0.5] * 5000)
    loss = (weight * values).sum()
    verb(loss)
    loss.backward()
    return [loss, torch.tensor(weight.tolist()), torch.stack([weight.detach()] * 70)], [weight]


@case
def leaf_as_loss(verb):
    weight = torch.tensor(2.0, requires_grad=True)
    verb(weight)
    weight.backward()
    return [], [weight]


@case
def recurrent(verb):
    model, batch = nn.LSTM(4, 5, num_layers=2, dropout=0.2), torch.randn(3, 2, 4)
    loss = model(batch)[0].sum()
    verb(loss)
    loss.backward()
    return [loss], list(model.parameters())

"""What a fault does to the result of a module in the middle of a model: each takes the result and gives it back tampered with."""

import torch
import torch.nn.functional as F
from torch import nn


class Squared(torch.autograd.Function):
    """A square whose backward forgot the factor 2."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * x


class Doubled(torch.autograd.Function):
    """Twice as much; its backward sends one column for all."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad):
        return grad[..., :1] * 2


def detached(hidden, model):
    """Cut off by detach."""
    return hidden.detach()


def data(hidden, model):
    """Cut off by .data."""
    return hidden.data * 1.5


def no_grad(hidden, model):
    """Worked out without gradient."""
    with torch.no_grad():
        return torch.tanh(hidden)


def by_numpy(hidden, model):
    """There and back by NumPy."""
    return torch.from_numpy(hidden.detach().numpy() * 2)


def by_item(hidden, model):
    """Scaled to nothing but one number of its own."""
    return torch.full_like(hidden, hidden.mean().item())


def rewrapped(hidden, model):
    """A new tensor made of it."""
    return torch.tensor(hidden)


def by_integer(hidden, model):
    """By way of integers."""
    return (hidden * 10).long().float()


def by_argmax(hidden, model):
    """Nothing but which is the largest."""
    return F.one_hot(hidden.argmax(-1), hidden.shape[-1]).float()


def compared(hidden, model):
    """Nothing but whether it is positive."""
    return (hidden > 0).float()


def by_parameter(hidden, model):
    """A new parameter made of it in every forward pass."""
    return nn.Parameter(hidden)


def rounded(hidden, model):
    """Rounded, whose derivative is 0 everywhere."""
    return torch.round(hidden * 4) / 4


def signed(hidden, model):
    """Its sign, whose derivative is 0 everywhere."""
    return torch.sign(hidden)


def gaps(hidden):
    """How far each feature of a sample is from each other: squares, those on the diagonal 0."""
    return (hidden.unsqueeze(-1) - hidden.unsqueeze(-2)) ** 2


def root_of_zero(hidden, model):
    """A root of numbers some of which are 0."""
    return hidden + torch.sqrt(gaps(hidden)).mean(-1)


def logarithm_of_zero(hidden, model):
    """A logarithm of 0 times 0."""
    gap = gaps(hidden)
    return hidden + (gap * torch.log(gap)).mean(-1)


def power_of_zero(hidden, model):
    """A fractional power of numbers some of which are 0."""
    return hidden + (gaps(hidden) ** 0.3).mean(-1)


def dead_root(hidden, model):
    """A mask over the root of negative numbers."""
    centred = hidden - hidden.mean()
    return torch.where(centred > 0, torch.sqrt(centred), centred)


def dead_logarithm(hidden, model):
    """A mask over the logarithm of numbers some of which are 0."""
    gap = gaps(hidden)
    return hidden + torch.where(gap > 0, torch.log(gap), 0.0).mean(-1)


def overflowing(hidden, model):
    """Squared in half precision, beyond 65,504."""
    return ((hidden.half() + 1) * 600).pow(2).float() / 1e5


def in_half(hidden, model):
    """Half precision for once."""
    return torch.tanh(hidden.half()).float()


def deep(hidden, model):
    """Through many more layers."""
    return model.deep(hidden)


def quiet(hidden, model):
    """Units that never fire."""
    return hidden + model.wake(torch.relu(model.quiet(hidden)))


def steep(hidden, model):
    """Gates that are wholly open or shut."""
    return hidden + torch.sigmoid(model.steep(hidden))


def steep_tanh(hidden, model):
    """The same by tanh."""
    return hidden + torch.tanh(model.steep(hidden))


def over_the_batch(hidden, model):
    """Weighted by a softmax over the samples."""
    return hidden * torch.softmax(hidden, dim=0)


def remembered(hidden, model):
    """With what it was the last time, graph and all."""
    state = hidden.mean() + (model.memory[-1] if model.memory else 0)
    model.memory.append(state)
    return hidden + state


def overwritten(hidden, model):
    """A result that its own derivative needs is written over."""
    grown = torch.exp(hidden * 0.1)
    grown += 1
    return grown


def overwritten_silently(hidden, model):
    """The same past PyTorch's guard."""
    grown = torch.exp(hidden * 0.1)
    grown.data.add_(1.0)
    return grown


def squared_wrongly(hidden, model):
    """By a function whose backward is wrong."""
    return Squared.apply(hidden) + hidden


def squeezed_wrongly(hidden, model):
    """By a function whose backward sends another shape."""
    return Doubled.apply(hidden)


def hooked(hidden, model):
    """With a hook that changes the gradient."""
    hidden = hidden * 1.0
    hidden.register_hook(lambda grad: grad * 0.01)
    return hidden


def adapted(hidden, model):
    """Through layers that the model does not know, since a list holds them."""
    return hidden + model.adapters[0](hidden)


def softmax(hidden, model):
    """Weighted by a softmax over the features: as it should be."""
    return hidden * torch.softmax(hidden, dim=-1)


def safe_root(hidden, model):
    """A root kept away from 0: as it should be."""
    return torch.sqrt(torch.relu(hidden) + 1e-4)


def safe_mask(hidden, model):
    """A mask over numbers that are made harmless first: as it should be."""
    positive = hidden > 0
    return torch.where(positive, torch.log(torch.where(positive, hidden, 1.0) + 0.1), hidden)


def straight_through(hidden, model):
    """Rounded forward, untouched backward: as it should be."""
    return hidden + (torch.round(hidden * 4) / 4 - hidden).detach()


def logged(hidden, model):
    """Looked at by the way: as it should be."""
    model.seen = (hidden.detach().mean(), hidden.norm().item(), hidden.detach().numpy().max(), hidden.argmax().item())
    return hidden


def dropped(hidden, model):
    """With dropout and a mask of its own: as it should be."""
    return F.dropout(hidden, 0.1) * (hidden.detach().abs() < 100).float()

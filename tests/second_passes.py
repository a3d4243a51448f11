"""What the tests of second derivatives ask: a loss behind a function, its pass with `order=2`, and what a recorded run finds."""

from contextlib import contextmanager

import torch

import byhand
from byhand.faults import find


@contextmanager
def default(dtype):
    """Inside, new tensors have this dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    yield dtype
    torch.set_default_dtype(before)


def weight(*shape):
    """A weight with random numbers, always the same."""
    return torch.randn(*(shape or (3, 4)), generator=torch.Generator().manual_seed(1)).requires_grad_()


def loss_of(function, x):
    """A loss behind the function in which second derivatives matter."""
    return (function(1.5 * x).tanh() ** 2).sum()


def directly(loss):
    """The pass that `check(loss, order=2)` tells."""
    return byhand.check(loss, order=2).passes[-1]


def recorded(function, x):
    """The pass of a program that asks for a gradient with `create_graph=True`."""
    with byhand.record() as run:
        torch.autograd.grad(loss_of(function, x), x, create_graph=True)
    assert not run.session.recorder.failures
    return run.passes[0]


def codes(*passes):
    """The codes and subjects of what was found."""
    return [(finding.code, finding.subject) for finding in find(passes)]

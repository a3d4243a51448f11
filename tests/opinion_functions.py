"""Custom Functions for the tests of second opinions, and what a recording says of them."""

import numpy as np
import torch

import byhand

COUNTS = {"forward": 0, "backward": 0}


class Cube(torch.autograd.Function):
    """value³ · scale; `factor` is 3 where it is right."""

    factor = 3.0
    last = None

    @staticmethod
    def forward(ctx, value, scale):
        """Counts its calls, and keeps its input on the class."""
        COUNTS["forward"] += 1
        Cube.last = value.detach()
        ctx.save_for_backward(value)
        ctx.scale = scale
        return value**3 * scale

    @staticmethod
    def backward(ctx, grad):
        """Counts its calls."""
        COUNTS["backward"] += 1
        (value,) = ctx.saved_tensors
        return grad * Cube.factor * value**2 * ctx.scale, None


class Filled(torch.autograd.Function):
    """Writes its result piece by piece."""

    @staticmethod
    def forward(ctx, left, right):
        """Three ways of writing into a tensor."""
        result = torch.empty_like(left)
        result[0] = left[0] * right[1]
        result[1].copy_(right[0].sin())
        result[0] += left[1]
        torch.mul(left[1], 2.0, out=result[2])
        ctx.save_for_backward(left, right)
        return result

    @staticmethod
    def backward(ctx, grad):
        """By hand."""
        left, right = ctx.saved_tensors
        first = torch.stack([grad[0] * right[1], grad[0] + 2 * grad[2], torch.zeros_like(grad[0])])
        return first, torch.stack([grad[1] * right[0].cos(), grad[0] * left[0], torch.zeros_like(grad[0])])


class Noisy(torch.autograd.Function):
    """Dropout written by hand."""

    @staticmethod
    def forward(ctx, value):
        """Draws a mask."""
        mask = torch.rand_like(value) < 0.5
        ctx.save_for_backward(mask)
        return value * mask * 2

    @staticmethod
    def backward(ctx, grad):
        """By the same mask."""
        (mask,) = ctx.saved_tensors
        return grad * mask * 2


def opaque(function, slope):
    """A Function whose forward is numpy's: nothing of it can be followed."""

    class Opaque(torch.autograd.Function):
        @staticmethod
        def forward(ctx, value):
            ctx.save_for_backward(value)
            return torch.from_numpy(np.asarray(function(value.detach().numpy())))

        @staticmethod
        def backward(ctx, grad):
            (value,) = ctx.saved_tensors
            return slope(grad, value)

    return Opaque


def judged(build, *, dtype=torch.float32, shape=(3, 5)):
    """The contributions of the custom nodes in a recorded pass, and the verdicts of the weights."""
    torch.manual_seed(0)
    weight = torch.randn(shape, dtype=dtype, requires_grad=True)
    with byhand.record() as run:
        result = build(weight)
        result.backward(torch.randn_like(result))
    assert not run.session.recorder.failures
    (made,) = run.passes
    nodes = {"CubeBackward", "FilledBackward", "NoisyBackward", "OpaqueBackward", "CopySlices"}
    found = [each for step in made.steps if step.op in nodes or step.op.startswith("GeneratedBackwardFor") for each in step.contributions]
    return found, made


def verdicts(contributions):
    """The verdicts of some contributions."""
    return {each.comparison.verdict for each in contributions}

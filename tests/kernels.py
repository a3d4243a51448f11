"""Backwards of one operation, sin(x) · w with w broadcast over the rows: right ones, and ones with a fault that kernels really have."""

import numpy as np
import torch


class Sine(torch.autograd.Function):
    """Right."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.sin(x) * w

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        return grad * torch.cos(x) * w, (grad * torch.sin(x)).sum(0)


class Split(torch.autograd.Function):
    """Right, with two outputs."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.sin(x) * w, x * x

    @staticmethod
    def backward(ctx, grad, square):
        x, w = ctx.saved_tensors
        return grad * torch.cos(x) * w + 2 * x * square, (grad * torch.sin(x)).sum(0)


class Opaque(Sine):
    """Right, with a forward in NumPy."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        return torch.from_numpy(np.sin(x.detach().numpy())) * w


class WrongSign(Sine):
    """The gradient of x has the wrong sign."""

    @staticmethod
    def backward(ctx, grad):
        first, second = Sine.backward(ctx, grad)
        return -first, second


class MissingFactor(Sine):
    """The gradient of x lacks w."""

    @staticmethod
    def backward(ctx, grad):
        x, _ = ctx.saved_tensors
        return grad * torch.cos(x), (grad * torch.sin(x)).sum(0)


class MissingSum(Sine):
    """The gradient of w is that of the first row alone."""

    @staticmethod
    def backward(ctx, grad):
        first, _ = Sine.backward(ctx, grad)
        return first, (grad * torch.sin(ctx.saved_tensors[0]))[0]


class LastTile(Sine):
    """The last sixteenth of the gradient of x is never written."""

    @staticmethod
    def backward(ctx, grad):
        first, second = Sine.backward(ctx, grad)
        first = first.contiguous()
        first.view(-1)[first.numel() // 16 * 15 :] = 0
        return first, second


class NoGradient(Sine):
    """It returns None for w."""

    @staticmethod
    def backward(ctx, grad):
        return Sine.backward(ctx, grad)[0], None


class ForgetsOutput(Split):
    """It ignores the gradient of its second output."""

    @staticmethod
    def backward(ctx, grad, square):
        return Sine.backward(ctx, grad)


class WrongInHalf(Sine):
    """Wrong by a half in bfloat16 only."""

    @staticmethod
    def backward(ctx, grad):
        first, second = Sine.backward(ctx, grad)
        return (first * 1.5 if first.dtype == torch.bfloat16 else first), second


class WrongJvp(Sine):
    """Right, but its forward mode is not."""

    @staticmethod
    def forward(x, w):
        return torch.sin(x) * w

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def jvp(ctx, x_tangent, w_tangent):
        x, w = ctx.saved_tensors
        return 2 * torch.cos(x) * w * x_tangent + torch.sin(x) * w_tangent


class LosesSecond(torch.autograd.Function):
    """The gradient is right; its own derivative is lost, since the cosine was worked out where nothing is recorded."""

    @staticmethod
    def forward(ctx, x):
        ctx.cosine = torch.cos(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.cosine


class NoBackward(torch.autograd.Function):
    """It has no backward."""

    @staticmethod
    def forward(ctx, x):
        return 2 * x


class WrongShape(Sine):
    """The gradient of w has a shape that nothing makes fit."""

    @staticmethod
    def backward(ctx, grad):
        return Sine.backward(ctx, grad)[0], grad[:2, :1]


class StraightThrough(torch.autograd.Function):  # byhand: intended
    """A rounding whose gradient is that of nothing at all, and meant to be."""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, grad):
        return grad

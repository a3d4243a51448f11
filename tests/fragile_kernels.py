"""Backwards of sin(x) · w that are right, until the gradient arrives in another layout, a second time, scaled, or in parts."""

import torch
from kernels import Sine, Split


class OnlyContiguous(Sine):
    """It reads the memory of what arrives from its beginning, as a kernel does that is handed a pointer and no strides."""

    @staticmethod
    def backward(ctx, grad):
        fits = grad.untyped_storage().nbytes() >= grad.numel() * grad.element_size()
        read = grad.new_empty(0).set_(grad.untyped_storage(), 0, grad.shape) if fits else grad
        return Sine.backward(ctx, read)


class WrongExpanded(Sine):
    """It takes what arrives for a full tensor, also where that is one number expanded."""

    @staticmethod
    def backward(ctx, grad):
        return Sine.backward(ctx, grad / grad.numel() if not any(grad.stride()) else grad)


class ChannelsLast(torch.autograd.Function):
    """Right for images in the usual layout, wrong where the gradient arrives in channels-last."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0]
        swapped = grad.stride(1) == 1 and grad.shape[1] > 1
        return (grad.transpose(2, 3).reshape(grad.shape) if swapped else grad) * torch.cos(x)


class KeepsCount(Sine):
    """Every second call gives twice the gradient of x."""

    calls = 0

    @staticmethod
    def backward(ctx, grad):
        KeepsCount.calls += 1
        first, second = Sine.backward(ctx, grad)
        return first * (1 + KeepsCount.calls % 2), second


class KeepsGradient(Sine):
    """It works with the first gradient that ever arrived."""

    @staticmethod
    def backward(ctx, grad):
        if not hasattr(ctx, "kept"):
            ctx.kept = grad.clone()
        return Sine.backward(ctx, ctx.kept)


BUFFERS: dict = {}


class OwnBuffer(Sine):
    """It hands out one buffer again and again."""

    @staticmethod
    def backward(ctx, grad):
        first, second = Sine.backward(ctx, grad)
        key = (first.shape, first.dtype)
        return BUFFERS.setdefault(key, torch.empty_like(first)).copy_(first), second


class OverwritesSaved(Sine):
    """It writes into a tensor that it keeps, so that only the first backward is right."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.sine = torch.sin(x)
        ctx.save_for_backward(x, w)
        return ctx.sine * w

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        second = (grad * ctx.sine).sum(0)
        return ctx.sine.copy_(grad * torch.cos(x) * w), second


class OverwritesInput(Sine):
    """It writes into its input, past PyTorch's own check."""

    @staticmethod
    def backward(ctx, grad):
        both = Sine.backward(ctx, grad)
        ctx.saved_tensors[0].data.zero_()
        return both


class OverwritesGradient(Sine):
    """It writes into the gradient that arrived."""

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        second = (grad * torch.sin(x)).sum(0)
        return grad.mul_(torch.cos(x) * w), second


class Clips(Sine):
    """It clips what arrives, so that it is not linear."""

    @staticmethod
    def backward(ctx, grad):
        return Sine.backward(ctx, grad.clamp(-3, 3))


class AddsItsOwn(Sine):
    """It gives a gradient where none arrived."""

    @staticmethod
    def backward(ctx, grad):
        first, second = Sine.backward(ctx, grad)
        return first + 1e-3, second


class InCompany(Sine):
    """The gradient of x is twice as large where w needs none."""

    @staticmethod
    def backward(ctx, grad):
        first, second = Sine.backward(ctx, grad)
        return first if ctx.needs_input_grad[1] else 2 * first, second


class NeedsCompany(Sine):
    """It raises where w needs no gradient."""

    @staticmethod
    def backward(ctx, grad):
        if not ctx.needs_input_grad[1]:
            raise RuntimeError("w was never thought of as frozen")
        return Sine.backward(ctx, grad)


class NeedsBothOutputs(Split):
    """It raises where an output is not used."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.set_materialize_grads(False)
        return Split.forward(ctx, x, w)

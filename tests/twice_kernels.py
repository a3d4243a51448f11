"""Custom Functions that PyTorch does not see into, as a kernel is."""

import numpy as np
import torch


class ForwardInNumpy(torch.autograd.Function):
    """Its backward is PyTorch's, so that it can be differentiated."""

    @staticmethod
    def forward(ctx, x):
        """The sine."""
        ctx.save_for_backward(x)
        return torch.from_numpy(np.sin(x.detach().numpy()))

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        (x,) = ctx.saved_tensors
        return grad * x.cos()


class InNumpy(ForwardInNumpy):
    """Its backward leaves PyTorch too: there is no graph of it at all."""

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        (x,) = ctx.saved_tensors
        return torch.from_numpy(np.cos(x.detach().numpy()) * grad.detach().numpy())


class PartInNumpy(ForwardInNumpy):
    """Its backward leaves PyTorch for one factor."""

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        (x,) = ctx.saved_tensors
        return grad * torch.from_numpy(np.cos(x.detach().numpy()))

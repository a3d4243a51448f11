"""Custom Functions that are right once: what becomes of them when they are differentiated twice."""

import torch
from torch.autograd.function import once_differentiable
from twice_kernels import ForwardInNumpy, InNumpy, PartInNumpy


class Square(torch.autograd.Function):
    """Works its derivative from the saved input, as it should."""

    @staticmethod
    def forward(ctx, x):
        """The square."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        """Twice the input."""
        (x,) = ctx.saved_tensors
        return 2 * x * grad


class Exponential(torch.autograd.Function):
    """Saves its result: what depends on that depends on the input."""

    @staticmethod
    def forward(ctx, x):
        """The exponential."""
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad):
        """The exponential."""
        (result,) = ctx.saved_tensors
        return grad * result


class Product(torch.autograd.Function):
    """Two inputs, each in the other's derivative, and a number."""

    @staticmethod
    def forward(ctx, x, y, factor):
        """The product."""
        ctx.save_for_backward(x, y)
        ctx.factor = factor
        return factor * x * y

    @staticmethod
    def backward(ctx, grad):
        """The other input."""
        x, y = ctx.saved_tensors
        return grad * y * ctx.factor, grad * x * ctx.factor, None


class Pair(torch.autograd.Function):
    """Two results."""

    @staticmethod
    def forward(ctx, x):
        """The sine and the cosine."""
        ctx.save_for_backward(x)
        return x.sin(), x.cos()

    @staticmethod
    def backward(ctx, grad_sine, grad_cosine):
        """The sum of both parts."""
        (x,) = ctx.saved_tensors
        return grad_sine * x.cos() - grad_cosine * x.sin()


class Rectifier(torch.autograd.Function):
    """Straight on both sides of 0: the second derivative is 0, and none is right."""

    @staticmethod
    def forward(ctx, x):
        """What is positive stays."""
        ctx.mask = x > 0
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad):
        """1 where x is positive."""
        return grad * ctx.mask


class OnceOnly(torch.autograd.Function):
    """Says that it can be differentiated once only."""

    @staticmethod
    def forward(ctx, x):
        """The sine."""
        ctx.cosine = x.cos()
        return x.sin()

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        """The cosine."""
        return grad * ctx.cosine


class Cosine(torch.autograd.Function):
    """Differentiable as often as one likes, with Sine."""

    @staticmethod
    def forward(ctx, x):
        """The cosine."""
        ctx.save_for_backward(x)
        return x.cos()

    @staticmethod
    def backward(ctx, grad):
        """Minus the sine."""
        (x,) = ctx.saved_tensors
        return -grad * Sine.apply(x)


class Sine(torch.autograd.Function):
    """Differentiable as often as one likes, with Cosine."""

    @staticmethod
    def forward(ctx, x):
        """The sine."""
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        (x,) = ctx.saved_tensors
        return grad * Cosine.apply(x)


class KeptOnTheNode(torch.autograd.Function):
    """Keeps what forward worked out: nothing leads from there to the input."""

    @staticmethod
    def forward(ctx, x):
        """The sine."""
        ctx.cosine = x.cos()
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        return grad * ctx.cosine


class SavedHalfway(torch.autograd.Function):
    """Saves an intermediate value: that has no graph either."""

    @staticmethod
    def forward(ctx, x):
        """The sine."""
        ctx.save_for_backward(x.cos())
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        return grad * ctx.saved_tensors[0]


class Detached(torch.autograd.Function):
    """Cuts the saved input off."""

    @staticmethod
    def forward(ctx, x):
        """The square."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        """Twice the input."""
        (x,) = ctx.saved_tensors
        return 2 * x.detach() * grad


class WithoutGrad(torch.autograd.Function):
    """Works its derivative where nothing is recorded."""

    @staticmethod
    def forward(ctx, x):
        """The square."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        """Twice the input."""
        (x,) = ctx.saved_tensors
        with torch.no_grad():
            return 2 * x * grad


class UpstreamCut(torch.autograd.Function):
    """Cuts the upstream gradient off."""

    @staticmethod
    def forward(ctx, x):
        """The square."""
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, grad):
        """Twice the input."""
        (x,) = ctx.saved_tensors
        return 2 * x * grad.detach()


class PartLost(torch.autograd.Function):
    """One of two terms leads to the input, the other does not."""

    @staticmethod
    def forward(ctx, x):
        """The input, weighed by its own sigmoid."""
        ctx.gate = x.sigmoid()
        ctx.save_for_backward(x)
        return x * ctx.gate

    @staticmethod
    def backward(ctx, grad):
        """The product rule, with the gate as a number."""
        (x,) = ctx.saved_tensors
        return grad * (ctx.gate + x * ctx.gate * (1 - ctx.gate))


class WrongCosine(torch.autograd.Function):
    """Its derivative has the wrong sign."""

    @staticmethod
    def forward(ctx, x):
        """The cosine."""
        ctx.save_for_backward(x)
        return x.cos()

    @staticmethod
    def backward(ctx, grad):
        """The sine, where its negative is right."""
        (x,) = ctx.saved_tensors
        return grad * x.sin()


class WrongLater(torch.autograd.Function):
    """Right, but worked with a step whose own derivative is wrong."""

    @staticmethod
    def forward(ctx, x):
        """The sine."""
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, grad):
        """The cosine."""
        (x,) = ctx.saved_tensors
        return grad * WrongCosine.apply(x)


RIGHT = {
    "saved input": Square.apply,
    "saved result": Exponential.apply,
    "two inputs": lambda x: Product.apply(x, x.tanh(), 3.0),
    "two results": lambda x: Pair.apply(x)[0] * Pair.apply(x)[1],
    "one result of two": lambda x: Pair.apply(x)[0],
    "piecewise linear": Rectifier.apply,
    "another Function in backward": Sine.apply,
    "forward in numpy": ForwardInNumpy.apply,
}
LOST = {
    "kept on the node": KeptOnTheNode.apply,
    "saved halfway": SavedHalfway.apply,
    "detached": Detached.apply,
    "without grad": WithoutGrad.apply,
    "upstream cut": UpstreamCut.apply,
    "part lost": PartLost.apply,
    "in numpy": InNumpy.apply,
    "partly in numpy": PartInNumpy.apply,
}

"""Small programs whose passes are drawn in the tests of boxes, moments and details, and their texts."""

import torch

import byhand
from byhand.picture import Sketch


def passed(program):
    """The last backward pass of a program."""
    with byhand.record() as run:
        program()
    return run.passes[-1]


def weight(value):
    """A weight."""
    return torch.tensor(value, requires_grad=True)


def example():
    """The lesson: (w · x − y)² at w = 1."""
    w, x, y = weight(1.0), torch.tensor(1.0), torch.tensor(2.0)
    y_hat = w * x
    s = y_hat - y
    loss = s**2
    loss.backward()


def fan_out():
    """A value that is used twice: c in d and in e."""
    a, b = weight(3.0), weight(2.0)
    c = a * b
    d = c**2
    e = c * a
    loss = d + e
    loss.backward()


def not_a_number():
    """A logarithm of a negative number."""
    x = weight(-1.0)
    r = torch.log(x)
    loss = r * 2
    loss.backward()


class Halved(torch.autograd.Function):
    """A square whose backward forgets the 2."""

    @staticmethod
    def forward(ctx, a):
        """The square."""
        ctx.save_for_backward(a)
        return a**2

    @staticmethod
    def backward(ctx, grad):
        """Half of what it should be."""
        (a,) = ctx.saved_tensors
        return grad * a


def wrong():
    """A custom function whose backward is wrong, between right operations."""
    w = weight(3.0)
    u = w * 2
    v = Halved.apply(u)
    loss = v + 1
    loss.backward()


class Silent(torch.autograd.Function):
    """Two results, one of whose inputs is sent nothing."""

    @staticmethod
    def forward(ctx, a, b):
        """Twice the one, three times the other."""
        return a * 2, b * 3

    @staticmethod
    def backward(ctx, grad_a, grad_b):
        """None instead of a gradient."""
        return grad_a * 2, None


def undefined():
    """A gradient that PyTorch leaves undefined."""
    a, b = weight(1.0), weight(2.0)
    c = b * 5
    p, q = Silent.apply(a, c)
    loss = p + q
    loss.backward()


def hooked():
    """A hook that makes a gradient ten times as large."""
    w = weight(3.0)
    u = w * 2
    u.register_hook(lambda grad: grad * 10)
    loss = u**2
    loss.backward()


def added():
    """A second backward into the same weight."""
    w = weight(3.0)
    (w * 2).backward()
    loss = w * w
    loss.backward()


def matrices():
    """A product of small matrices, and a larger one."""
    w, x = weight([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 0.5], [0.0, 2.0]])
    big = torch.ones(12, 12)
    y = x @ w
    z = y.sum() * big
    loss = z.sum()
    loss.backward()


def parts():
    """A tensor cut in three."""
    x = torch.arange(6.0).requires_grad_()
    a, b, c = x.chunk(3)
    loss = (a * b + c).sum()
    loss.backward()


def text(cells):
    """The text of some pieces."""
    return "".join(cell.text for cell in cells)


def lines(content):
    """The lines of a box as text, a sketch as its shape in cells."""
    return [_sketched(what) if isinstance(what, Sketch) else text(what) for _, what in content.rows]


def _sketched(sketch):
    return f"{len(sketch.levels)} by {len(sketch.levels[0])} cells"

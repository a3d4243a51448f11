"""The kinds of faults where the way of a gradient ends before it comes to a weight."""

from byhand.diagnosis.kind import Kind
from byhand.findings import Severity


class GraphCut(Kind):
    """The value of a weight goes into the loss, but its gradient does not come back: on the way, the tensor lost its history.

    The weight keeps `.grad` None and never moves, while the loss may still fall because of the others. Where nothing with a history
    is left, PyTorch raises "element 0 of tensors does not require grad". The causes are told apart: `detach`, `data`, `rewrap` (a new
    tensor made of the numbers of another, by `torch.tensor` and its like), `no-grad`, `integer`, `numpy`, `item` (a Python number goes on
    instead of the tensor), `parameter-in-forward` (`nn.Parameter(x)` is a new leaf), `non-differentiable` (an output that has no
    derivative, or that a Function marked so).

    byhand follows the tensors through the calls, also those without gradient, from the loss back and from the weight on. A weight is cut
    if its value comes to the loss and no backward pass of the recorded program reached it; the operation where the history was lost is
    named, with the chain. Where the value leaves PyTorch, in NumPy or in Python numbers, it cannot be followed: then the call is named in
    which it left, if afterwards something of Python's came into the loss. No threshold is involved.

    Write the operation so that the tensor keeps its history, as the finding says.
    """

    code = "graph-cut"
    intended = (
        "A tensor that is detached for a target, a discriminator or a log is no fault as long as the weight behind it gets its gradient "
        "from another path or pass, or is given to no optimizer. It is an error where an optimizer steps the weight and nothing ever"
        " reaches it."
    )
    example = "date_translation.py"


class ZeroGradientOperation(Kind):
    """The only way from a weight to the loss goes through a step function, whose derivative is 0 everywhere it exists.

    Rounding, sign, floor and ceil give the weight a gradient of exact zeros; a comparison gives none at all. In both cases the weight never
    moves, and nothing warns of it.

    byhand looks at the graph: a weight has this fault if every path from the loss to it passes a node of such an operation, or if its value
    comes to the loss through a comparison only, and no other backward pass reaches it on another way. The paths alone decide; no gradient
    is compared with a threshold.

    Use a smooth function in the place of the step while training (a sigmoid for a comparison), or the straight-through estimator
    `x + (torch.round(x) - x).detach()`, which has the value of the step and the gradient of its input.
    """

    code = "zero-gradient-op"
    intended = "A step on a path beside another that carries the gradient is meant: masks, straight-through estimators, counted errors."
    example = "block_codec.py"


class NonLeafGradient(Kind):
    """The `.grad` of a tensor was read that is the result of an operation; PyTorch fills `.grad` of leaves only.

    `w = torch.randn(3, requires_grad=True) * 0.1` makes w a product: the leaf, which gets the gradient, is the random tensor that nobody
    holds any more. The same happens with `.to(device)` or `.double()` after `requires_grad=True`. `w.grad` stays None, so an update that
    asks for it does nothing, and an optimizer refuses such a tensor.

    byhand sees the program read `.grad` where it is None, of a tensor that needs a gradient and is no leaf. Tensors with `retain_grad()`
    are left out. Where the leaf behind it has no name in the program it is an error, because nothing can ever be trained; where the leaf is
    known, the program may only be looking, and it is a warning.

    Do the arithmetic first and ask for the gradient last: `w = (torch.randn(3) * 0.1).requires_grad_()`.
    """

    code = "non-leaf-grad"
    severity = Severity.WARNING
    intended = "To look at the gradient of a tensor in the middle, call `retain_grad()` on it before backward."
    example = "reservoir_levels.py"

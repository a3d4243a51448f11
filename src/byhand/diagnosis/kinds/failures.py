"""The kinds of faults that PyTorch itself refuses: its message says that something went wrong, these say what and where."""

from byhand.diagnosis.kind import Kind


class FreedGraph(Kind):
    """A backward pass goes through a part of the graph whose values an earlier pass has already given back.

    PyTorch stops with "Trying to backward through the graph a second time" and names no tensor. The parameters of this step get no
    gradient, or only a part of it.

    byhand keeps the numbers of the nodes of the last few passes. When a pass stops, it asks the nodes that were ready to run for what
    they saved; the one that has nothing left is where PyTorch stopped, and the latest pass that had this node is the one that used it
    up. From the loss the graph is walked to where it enters the part of that earlier pass. The tensor on that border is the subject: a
    hidden state that is carried from step to step, a weight that was worked out once before the loop, an encoding that two losses
    share. No threshold is involved.

    What to do depends on the case, and the finding tells which it is. Carry a state over with `.detach()`. Work a shared value out
    again in each step. Add the losses of one step and call backward once. `retain_graph=True` belongs into the first of two passes, and
    only where both are really wanted: in a training loop it makes every step slower than the one before, and the next error is that the
    optimizer has changed the weights in between.
    """

    code = "freed-graph"
    intended = "Where the program catches the exception and goes on it is a warning, since the pass it wanted did not run."
    example = "brain_scans.py"


class InplaceModified(Kind):
    """A tensor was written in place although its old values are still needed for the backward pass.

    PyTorch counts the writes into every tensor and refuses the pass: "one of the variables needed for gradient computation has been
    modified by an inplace operation". The message gives a shape and two numbers; no name, no line. Two relatives are refused already in
    the forward pass: writing into a leaf that requires a gradient, and into a view that came out of a function with several outputs.

    byhand asks the nodes that were ready to run for what they saved, and the one whose value has changed is who needed it. Who wrote is
    found among the recorded calls: those in place (`+=`, `x[i] = ...`, methods whose name ends in `_`, `inplace=True`) and the steps of
    optimizers that came after the value was saved and went into the same memory. The finding stands at the line that wrote; the subject
    is the parameter or variable that was written.

    Use the form that makes a new tensor (`x = x + y`), write into a `.clone()`, collect the parts in a list and join them with
    `torch.stack`, or call `optimizer.step()` only when every backward that needs the old weights is done. Writes through `.data` are not
    counted by PyTorch; those are `saved-tensor-overwritten`.
    """

    code = "inplace-modified"
    intended = "Where the program catches the exception and goes on it is a warning, since the pass it wanted did not run."
    example = "pendulum_chain.py"


class NotAScalar(Kind):
    """`backward()` was called on a tensor with several elements.

    The gradient of several numbers is a matrix, and PyTorch works only its product with a vector: how much each of the numbers counts.
    For a single number that is 1, for more it must be said; PyTorch stops with "grad can be implicitly created only for scalar outputs".

    byhand reads the message, the line and the shape of the tensor that stands there. Usually the reduction was forgotten, or
    `reduction="none"` was asked for and the weighting that should follow is missing.

    Write `.mean()` or `.sum()` before `.backward()`. They differ by the factor of the number of elements, so the learning rate that goes
    with one does not go with the other. For other weights there is `loss.backward(gradient=weights)`.
    """

    code = "not-a-scalar"
    example = "wave_heights.py"

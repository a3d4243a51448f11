"""The kinds of faults of derivatives themselves: found by working every gradient by hand beside PyTorch's own."""

from byhand.diagnosis.kind import Kind


class WrongGradient(Kind):
    """The backward of an operation gives another gradient than its forward has.

    Training goes on with a direction that is not downhill, often close enough that the loss falls for a while. Almost always it is the
    backward of a custom `autograd.Function`: a sign, a factor, a missing term of a product, a forgotten sum over what was broadcast,
    None for an input that needs a gradient.

    byhand works the gradient a second time: by its own rules for the operations that the forward consists of, by central differences in
    double precision where there is no rule, or by random directions where there are too many inputs. Both start from the gradient that
    arrived at the node, so an error stays where it is made. What counts as a difference comes from rounding: the number of terms, their
    size and the dtype give a floor for each element, and the finding says how many times the floor the error is. The pattern is told
    where there is one: a factor, a sign, rows, a transposed matrix.

    A custom backward that returns too few gradients, or something that is no tensor, is refused by PyTorch and told here too. Compare
    the backward with the formula in the finding, line by line. A gradient that is meant to differ from the derivative,
    like a straight-through estimator or a reversed gradient, is declared with `# byhand: intended` on the line of its class.
    """

    code = "wrong-gradient"
    intended = "A difference that is declared with `# byhand: intended` on the line of the class is counted and not told as a fault."
    example = "queue_waiting.py"


class WrongGradientShape(Kind):
    """A backward returns a gradient whose shape is not that of its input.

    Where the shape can be expanded or summed to the right one PyTorch does it silently, and the numbers may be wrong; where it cannot, it
    stops with "returned an invalid gradient". The usual reason is an input that was broadcast in the forward pass: its gradient must be
    summed over the axes that broadcasting added.

    byhand compares the shape that a custom backward returned with that of the input, exactly. Where PyTorch has stopped, both shapes are
    those of its message, and the finding adds which input it was, by its parameter in `forward` and by the name that the program gave
    it. A `gradient=` that does not fit its tensor, and an operation inside a custom backward whose shapes do not fit, belong here too.

    Return `grad.sum_to_size(input.shape)` for what was broadcast, and keep the shape in `ctx` if the input itself is not saved. For a
    matrix product, the gradient of the left factor is `grad @ right.T` and that of the right one `left.T @ grad`.
    """

    code = "wrong-gradient-shape"
    example = "camera_rows.py"


class SecondDerivativeLost(Kind):
    """A custom backward is right, but the derivative of its result does not lead back to its inputs.

    Gradient penalties, Hessian products and meta-learning differentiate a gradient once more. A backward that works with numbers that
    left the graph, `ctx.x = x.detach()`, values from NumPy, `.item()`, gives the right first derivative and a second one with a term
    missing. Nothing is raised: the penalty simply trains something else.

    byhand looks at it where the program asks for `create_graph=True`. The gradient that a custom backward returned is differentiated
    once more, and compared with the second derivative of its forward, worked by byhand's rules or by differences along random
    directions. Lost is what the graph does not lead back to although the second derivative is not zero.

    It is lost altogether (cause `create-graph`) where `torch.autograd.grad` ran without `create_graph=True`, and a scalar that is made of
    what it gave, and of no weight, is added to the loss: a penalty that is a constant. byhand follows the calls from the one to the other.

    Save inputs with `ctx.save_for_backward` and use what `ctx.saved_tensors` gives, with operations of PyTorch only; or mark the
    backward `@once_differentiable`, and PyTorch says aloud that there is no second derivative.
    """

    code = "second-derivative-lost"
    example = "critic_penalty.py"


class SavedTensorOverwritten(Kind):
    """What was saved for the backward pass was changed before it ran, in a way that PyTorch does not notice.

    The gradient is then that of another point, or of no function at all, and nothing is raised. It happens by writes through `.data`,
    by values kept as `ctx.x = x` instead of `save_for_backward`, and by a custom backward that works in place on what it was given: the
    first pass is right, and the second, or whoever else takes the same gradient, gets the changed numbers.

    byhand remembers writes through `.data` with what stood there before, and takes a fingerprint of the tensors that a custom backward
    holds before and after it runs. A fingerprint that differs is the evidence; how wrong the gradient became is measured as for
    `wrong-gradient`. A backward whose own result is right, and that spoils only what nobody uses again, is a warning.

    Work on a new tensor (`grad * mask`, not `grad.mul_(mask)`), save with `save_for_backward`, and change weights only after
    `backward()`, in `with torch.no_grad():` and without `.data`, so that PyTorch counts the write.
    """

    code = "saved-tensor-overwritten"
    example = "tank_levels.py"

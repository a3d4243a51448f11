"""The kinds of faults of a training loop: what becomes of a gradient between the backward pass and the step."""

from byhand.diagnosis.kind import Kind
from byhand.findings import Severity


class GradientAccumulated(Kind):
    """A step uses a gradient that still holds what an earlier step has used.

    `backward()` adds to `.grad`. Where nothing clears it, every step follows the sum of all gradients since the start of the program. The
    early ones belong to weights that are long gone; the steps grow, turn ever more slowly, and the loss swings or runs away.

    byhand remembers which tensor each `.grad` was, and how often it had been written, when an optimizer stepped. If a backward pass begins
    while the very same gradient, unwritten and not zero, is still there, it adds to what was used. That alone is no fault: the
    generator's pass leaves such a gradient at the discriminator, which clears it later. It becomes one when the next step takes the sum.
    Weights that the program updates by hand are judged in the same way, once two updates in a row have used an uncleared gradient.
    Nothing is measured and no threshold is involved: a gradient was used twice, or it was not.

    Passes that add up before one step, with a clear after it, are gradient accumulation as it should be, and are not reported.

    Clear once for each step: `optimizer.zero_grad()` before the backward pass, or after the step.
    """

    code = "gradient-accumulated"
    intended = "Gradient accumulation over several passes before one step is never reported."
    example = "sine_polynomial.py"


class GradientCleared(Kind):
    """Gradients are cleared after the backward pass made them, and before the step that should use them.

    The step finds None or zeros. Plain SGD then changes nothing at all; Adam moves by what its averages remember, and weight decay shrinks
    the weights, so the loss may change a little and the fault look like slow training.

    byhand knows which gradients a pass made. At a step it looks whether those of the optimizer's parameters are still there. If every one
    of them is gone or zero, and that was so at every step so far, they were cleared in between: a single step, or some parameters
    alone, may be left out on purpose (a batch that is skipped, a frozen head), and are not reported. The other form is a pass that is
    thrown away whole before another one is used: it is a warning when it happened before three steps in a row, when nobody read the
    gradients, and when nothing but an optimizer's parameters was reached. Gradients that a pass leaves at somebody else's
    parameters, as a generator's does at the discriminator, are rightly cleared.

    Move the clear before the backward pass, or after the step.
    """

    code = "gradient-cleared-before-step"
    intended = "A step that is skipped now and then by clearing its gradients is never reported."
    example = "recipe_trainer.py"


class StepSkipped(Kind):
    """Steps are asked for and not made, or change nothing because the learning rate is 0.

    A `GradScaler` does not step when it finds inf or NaN among the gradients. It halves its scale and tries again with the next batch.
    If the gradients are not finite at any scale it skips every step, without a word, and the weights stay what they were. A
    scheduler that gives the rate 0 does the same.

    byhand counts the steps that each scaler was asked for and those that the optimizer made. The first one or two may be skipped: the
    scale begins high. It is an error when all of more than two were skipped, or twenty in a row, by which time the scale has fallen a
    million times; and a warning when a program that stepped before ends with five skipped in a row. The learning rates are
    read at every step. It is an error when all of them were 0 at every step, of two or more, although the optimizer was given another
    one; a warm-up may begin with a step at 0.

    Find where the first inf or NaN is made, with the scaler and autocast switched off; or mend the schedule.
    """

    code = "step-skipped"
    intended = "The first skipped steps of a scaler, and a warm-up that begins at 0, are never reported."
    example = "galaxy_shapes.py"


class ClipBeforeUnscale(Kind):
    """Gradients are clipped while the factor of a GradScaler is still in them.

    The scaler multiplies the loss, and so every gradient, by a large number, 65536 at first. A limit of 1 then meets gradients that are
    65536 times too large, cuts almost all of them, and when the scaler divides by its factor, what is left is far smaller than the limit
    says. Training is slow, and changes whenever the scale does.

    byhand looks at the calls between the backward pass and the moment when the scaler takes its factor out, by `unscale_` or in its own
    `step`. An error is one that writes into the gradients what is clamped, or what is multiplied after their size was read.
    Dividing by a whole number, as for a mean over passes or processes, is right at any scale. So is a limit that was multiplied by
    `scaler.get_scale()`, and a scaler that is switched off.

    Call `scaler.unscale_(optimizer)` between the backward pass and the clipping.
    """

    code = "clip-before-unscale"
    intended = "A limit that was multiplied by the scale is never reported."
    example = "road_segmentation.py"


class AccumulationNotScaled(Kind):
    """The means of several small batches are summed before one step, and nothing makes a mean of the sum.

    With four passes the gradient is four times that of the whole batch, as if the learning rate were four times as large. The
    number of passes becomes a hidden part of the learning rate, and a change of it changes the training.

    byhand counts the passes that are in a gradient when a step takes it. It is reported when they all came from the same line, through the
    same graph to the same parameters, each from a mean (`mean()`, or a loss with reduction "mean") that no factor was put on, and when the
    program did not divide the gradients before the step. Sums, different lines and different graphs, as for several tasks, are
    never reported. Whether the sum was wanted cannot be seen, so it is a warning. With optimizers that divide the gradient by
    its own size, as Adam does, it changes little and is a note.

    Divide each loss by the number of passes before its backward pass.
    """

    code = "accumulation-not-scaled"
    severity = Severity.WARNING
    intended = "With Adam and its like, which are indifferent to the size of the gradient, it is a note; clipping makes it a fault again."
    example = "melody_model.py"


class GradientRewritten(Kind):
    """A hook returns, or leaves behind, another gradient than the one it was given.

    Whatever lies before the place gets the gradient that the hook made, and not that of the loss. A hook that was only meant to look, and
    returns something by mistake, changes the training of every layer before it.

    byhand adds up what the operations send to a place that has a hook, and compares it with what arrives behind the hook. Rounding aside,
    a hook that only looks leaves it as it is. Many hooks are there to change gradients: they clip, mask, scale by a fixed
    factor or reverse. What does one of these, and nothing else, is a note. It is a warning when the hook also keeps, prints or counts
    something, as one does that was meant to look, or when its factor changes from pass to pass and is larger than 1, as when
    every gradient is brought to the same size.

    Return None from a hook that only looks.
    """

    code = "gradient-rewritten-by-hook"
    severity = Severity.WARNING
    intended = "Clipping, masking, scaling by a fixed factor and reversing in a hook are notes; they would be errors if nobody meant them."
    example = "scan_heatmaps.py"

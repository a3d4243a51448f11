"""The kinds of faults of numbers: what is not finite, and what a small format cannot hold."""

from byhand.diagnosis.kind import Kind
from byhand.findings import Severity


class NonFiniteGradient(Kind):
    """Finite numbers went into an operation, and NaN or an infinity came out, on the way to the loss or back from it.

    One such element is enough: the next matrix product spreads it over whole rows, the optimizer writes it into the weights, and from
    then on every loss is NaN. The operation that is named is the one where it began, not the last one that met it.

    byhand looks at the loss when backward is called, and at every gradient that is sent. Where the loss is not finite it walks back
    through the values of the forward pass to the first that is not finite although everything that went into it is. Where a node was
    sent a finite gradient and sent on one that is not, it is the derivative: byhand's own rule is worked for the one element, and told
    with its numbers. No threshold is involved. An infinity that was put there on purpose, such as −∞ in an attention mask, is none until
    NaN comes of it. What never reaches the loss or the gradient of a leaf is not mentioned, and what comes after the first one of a
    program is its consequence.

    Keep the input of the named operation away from the place where it or its slope is infinite, or take a function that does both
    steps at once, such as `log_softmax`.
    """

    code = "non-finite-gradient"
    intended = "Steps that a GradScaler skips because its scale was too large are no fault: it halves the scale and goes on."
    example = "basket_taste.py"


class NonFiniteDeadBranch(Kind):
    """NaN or an infinity comes from elements that a mask throws away.

    `torch.where(x > 0, torch.log(x), 0)` gives the right value, but the gradient of both sides is worked: the mask sends 0 to the
    elements that it did not take, the logarithm multiplies that 0 by 1/0, and 0 · ∞ is NaN. The same holds for `masked_fill`, for
    choosing by an index, for `nan_to_num`, and for a product with a mask of zeros and ones.

    byhand finds where the gradient stopped being finite, as for `non-finite-gradient`. It then sends a gradient of 1 through the
    operations between there and each `where`, `masked_fill`, index or 0/1 factor behind it, by its own rules: if exactly 0 arrives at the
    element, that element was thrown away. Operations that mix elements end the search.

    Mask first and compute afterwards: put a harmless number in the place of what the operation cannot take, before it is worked, and
    leave the mask behind it as it is.
    """

    code = "non-finite-dead-branch"
    intended = "Where the harmless number was put in before the operation, everything is finite, and nothing is said."
    example = "lens_profile.py"


class HalfOverflow(Kind):
    """A number is too large for float16, whose largest is 65,504; float32 would hold it.

    A sum of squares over a few thousand features, an unscaled attention score or a loss that is added up over a batch is soon larger
    than that. It becomes infinite, and NaN or a gradient of 0 comes of it.

    byhand finds the operation where finite numbers first gave an infinite one and works it again from the same inputs in float32: only
    if that is finite the format is to blame. In the first passes of a program with float16 values it looks for such infinities also
    where the loss is finite: they are a warning, because the part of the loss behind them gives no gradient. Where a GradScaler is at
    work, gradients that are infinite only because the loss was scaled are its business, until its scale has fallen to 1.

    Work the named expression in float32, or divide before adding up. bfloat16 has the range of float32, and needs no scaler.
    """

    code = "fp16-overflow"
    intended = "The first steps with a GradScaler are expected to overflow; an −∞ that a softmax turns into 0 is a mask."
    example = "power_grid_load.py"


class HalfUnderflow(Kind):
    """Gradients are too small for float16 and become 0; float32 would hold them.

    The smallest float16 above 0 is 6e−8, and what has all its digits begins at 6e−5. A mean over many elements divides every gradient by
    their number, and what is left is rounded to 0: the weights behind it stay as they are, or move on a few elements alone.

    byhand works what each node sends in float32, from the same upstream gradient, and counts the elements that are not 0 there and 0 in
    float16. It is reported where more than half of those were lost on the way to a weight and no GradScaler scaled the loss: less than
    half is what the smallest gradients of every model lose.

    Scale the loss: `scaler = torch.amp.GradScaler()`, `scaler.scale(loss).backward()`, `scaler.step(optimizer)`, `scaler.update()`. Keep
    the weights themselves in float32 and use autocast.
    """

    code = "fp16-underflow"
    severity = Severity.WARNING
    intended = "With a scaled loss the largest gradients are kept; nothing is said then."
    example = "sky_denoiser.py"


class LostInRounding(Kind):
    """What is added is smaller than half a unit in the last place of what it is added to, and so nothing changes.

    bfloat16 has 8 binary digits: to a weight of 1 nothing below 0.004 can be added. With a small learning rate every step is rounded
    away, the loss stays where it is, and no message says why. The same happens to a running sum or mean in float16 or bfloat16.

    byhand compares a sample of every weight before and after optimizer steps, in the first ones and in ever rarer later ones. It is
    reported where at least 98 of 100 elements whose gradient is not 0 stayed exactly what they were, in every step that was looked at,
    although the learning rate is not 0 and the update that the optimizer's own formula gives is not 0 either. A training that has
    converged is no such case: its first steps changed the weights.

    Keep the weights in float32 and let autocast work in the small format; or keep a float32 copy of them for the optimizer; or take a
    larger learning rate.
    """

    code = "lost-in-rounding"
    severity = Severity.WARNING
    intended = "A learning rate that warms up from almost nothing changes the weights after a few steps; nothing is said then."
    example = "pressure_offsets.py"

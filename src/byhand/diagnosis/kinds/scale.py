"""Gradients that are too small or too large: along the depth, in single units, at the flat ends of a function."""

from byhand.diagnosis.kind import Kind
from byhand.findings import Severity


class VanishingGradient(Kind):
    """The gradient shrinks from layer to layer on its way back, until the first layers get next to nothing.

    Each layer multiplies the gradient by its weights and by the slope of its activation. Where the product is well below one, a dozen
    layers make a million of it, and the first layers learn a million times slower than the last, or not at all.

    byhand follows the longest chain of layers from the loss to the inputs and measures, in PyTorch's own backward, the norm of the
    gradient that arrives at each. The chain needs at least five layers. It is reported when the gradient falls by more than 10^6 from
    one end to the other, which no single learning rate can serve, and when the fall is spread over the layers: a single step may make
    no more than half of it (in powers of ten). So a head that starts at zero, or a branch that does, is no fall. A weight that is used
    many times, as in a recurrent network, counts by the largest gradient that any of its uses gets. The fall must be there in three
    passes that are looked at, or in all that the program makes. It is an error when the step of plain SGD with the learning rate
    in use is less than half a rounding step of the weight, which then keeps every bit; otherwise a warning.

    Shorten the way back: residual connections, a normalization in each block, ReLU, GELU or SiLU in place of sigmoid or tanh, and an
    initialisation that keeps the scale (`kaiming_normal_`, `xavier_normal_`, `orthogonal_`).
    """

    code = "vanishing-gradient"
    severity = Severity.WARNING
    intended = "A chain that is not meant to be trained through: then detach it, and it is not reported."
    example = "audio_tagger.py"


class ExplodingGradient(Kind):
    """The gradient grows from layer to layer, from step to step of a recurrence, or from one pass to the next, beyond all reason.

    Too large a gradient throws the weights far away in one step; the next loss is larger still, and soon it is not finite.

    Along the depth byhand measures the norm of the gradient that arrives at each matrix product on the longest chain from the loss back.
    It is reported when it grows by more than 10^4 over at least five of them (10^3 where the gradient of the weight at the end is a hundred
    times the weight itself), and no single step makes more than half of that (in powers of ten): healthy chains stay within a factor of a
    hundred. A recurrence is a chain through the same weight. Over time byhand keeps the norm of the whole gradient in the passes that it
    looks at closely; it is reported when the norm grew in each of the last three, by more than a hundred in all, and is more than ten
    times as large as the weights themselves; beyond 10^4 it is an error.

    Start with weights that keep the scale (`orthogonal_`, `kaiming_normal_`, `xavier_normal_`), normalize in each block, use a smaller
    learning rate, and bound what is left with `torch.nn.utils.clip_grad_norm_` before `optimizer.step()`.
    """

    code = "exploding-gradient"
    intended = "Clipping bounds the step, not the growth: what comes from far back still drowns everything else."
    example = "pond_populations.py"


class DeadUnit(Kind):
    """Units of a layer are at the flat end of their activation for every sample, so that the weights before them get no gradient.

    A ReLU passes on nothing where its input is negative. Where that is so for all samples, the weights of the unit get exactly zero,
    and the unit stays as it is: nothing that this layer learns from brings it back.

    byhand looks at rectifying activations (ReLU, ReLU6, clamp(min=0), where, maximum, GELU, SiLU, ELU, softplus ...) that follow a layer
    directly, so hinge losses are none. A unit is dead in a pass if it is zero, or its slope is, for all samples of at least sixteen. It
    is an error when all units are dead: the layer's whole gradient is zero. Some dead units are normal (with one positive input, chance
    alone gives three of eight at the start): fewer than half are never reported, three quarters and more are a warning, and what lies
    between is a note, always only if it is four standard deviations more than chance. The same units must be dead in three passes in a
    row that are looked at, or in all that the program makes.

    Start with a smaller or zero bias, lower the learning rate, normalize what goes in, or take an activation with a slope everywhere:
    `leaky_relu`, `gelu`, `silu`.
    """

    code = "dead-unit"
    severity = Severity.WARNING
    intended = "A sparse code may want most units silent for most samples; byhand reports only those that are silent for all."
    example = "leaf_spectra.py"


class Saturated(Kind):
    """A squashing function (sigmoid, tanh, softmax, clamp ...) is at its flat ends nearly everywhere, so almost no gradient passes.

    At the ends the slope of these functions is zero or almost: what lies before gets almost no gradient, however wrong it is.

    byhand looks at the function's own result. An element counts as flat where the slope is less than a hundredth of the largest that the
    function has (for tanh beyond ±3, for sigmoid beyond ±6), for clamp and the "hard" functions where it is exactly zero. It is
    reported when nine tenths of the elements are flat, and nine tenths of the gradient arrives at them: outputs that are right get no
    gradient where they are flat, and count little. Softmax counts by rows that give everything to one place; clamp when all that arrives
    is lost and the weight before gets exactly zero. A sigmoid before a logarithmic loss is not judged: there the two belong together. The
    same must be so in three passes in a row that are looked at, or in all that the program makes. It is an error when nothing passes.

    Bring the input of the function into its range: a smaller start, a normalization before it, scores divided by √d, wider bounds.
    """

    code = "saturated"
    severity = Severity.WARNING
    intended = (
        "A value that is meant to rest at its bound (a projection) gets no gradient there; project the parameter after the step instead."
    )
    example = "loan_screening.py"

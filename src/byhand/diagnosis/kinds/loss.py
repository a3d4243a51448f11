"""Losses that are worked out of the wrong pairs, of probabilities where scores belong, of samples mixed with each other."""

from byhand.diagnosis.kind import Kind
from byhand.findings import Severity


class LossBroadcast(Kind):
    """Predictions of shape [N, 1] meet targets of shape [N], and PyTorch makes [N, N] of them: every prediction with every target.

    The loss is then about all pairs. Its best prediction is the mean of all targets, the same for each sample; it falls at first
    and stays where a constant would be.

    byhand looks at the operations of two tensors, and at the loss functions, whose operands have the same N elements in shapes that
    differ only by dimensions of size 1, and whose result has more than N. The result must go on to a sum or mean over everything,
    element by element, as a loss does. What makes all pairs on purpose is silent: `unsqueeze` or `None` in an index on either side,
    a parameter as one side (a bias, a table of levels), a tensor paired with itself, a matrix product, a softmax, or a sum over one
    dimension of the result.

    Give both the same shape: `prediction.squeeze(-1)`, or `target.unsqueeze(-1)`.
    """

    code = "loss-broadcast"
    intended = "All pairs are meant in pairwise losses: write one side with `[:, None]` or `unsqueeze`, so that it can be seen."
    example = "lander_values.py"


class DoubleSoftmax(Kind):
    """What is already softmax or sigmoid of the scores goes into a loss that takes softmax or sigmoid itself.

    Probabilities between 0 and 1 as scores: the second softmax makes them almost equal (of ten classes none can get more than 0.23),
    so the loss cannot come near zero and the gradient is small where the prediction is most wrong.

    byhand follows the graph from the log-softmax of `cross_entropy`, the sigmoid of `binary_cross_entropy_with_logits`, or a softmax,
    back through views, indexing, stacking and casts. What it meets there must be softmax over the same dimension, the same by hand
    (exp divided by its sum), or sigmoid. Two softmax over different dimensions are none, nor is anything with an
    operation between: a scale, a mask, a product. `log_softmax` twice is the same as once, and only a note.

    Give the loss the scores, and take softmax or sigmoid only where probabilities are shown or compared.
    """

    code = "double-softmax"
    intended = "log_softmax before cross_entropy changes no gradient, and costs a little time."
    example = "activity_windows.py"


class BatchLeak(Kind):
    """An operation mixes the samples of a batch, although each of them has its own target.

    The prediction for one sample then depends on which others happen to be in its batch: the loss in training says nothing about single
    samples, and the result changes with the batch size.

    byhand takes the size of the first dimension of what goes into the loss as the number of samples. It reports a softmax over the first
    dimension of a tensor with a row for each sample; a view or reshape that puts the samples into another place than the first, or back,
    as only a transpose may; and a running sum, attention or a recurrent layer that runs over the samples (`batch_first` is missing), where
    the second dimension is later pooled or selected as time. The rows must stay apart from there to the loss. Square matrices of
    similarities, batch normalization, standardizing, products with an adjacency matrix, and pooling a bag into one row mix on purpose,
    and are silent.

    Give the dimension of the classes or of time (`dim=-1`, `batch_first=True`), and change places with `transpose` or `permute`.
    """

    code = "batch-leak"
    severity = Severity.WARNING
    intended = (
        "Losses that compare the samples of a batch (contrastive, batch-hard) are meant to mix them: byhand is silent on what they use."
    )
    example = "gait_sequences.py"

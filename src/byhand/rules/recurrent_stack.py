"""Derivatives of whole recurrent layers in one operation (cuDNN, MIOpen, MPS): back-propagation through time, layer by layer."""

from byhand.rules.table import EACH, rule, shared
from byhand.rules.through_time import LSTM, Gradients, stack_back

CUDNN = "CudnnRnnBackward0"
MIOPEN = "MiopenRnnBackward0"
MPS = "LstmMpsBackward0"
WEIGHTS = "leaf(8, 3).cuda() / 4, leaf(8, 2).cuda() / 4, leaf(8).cuda() / 4, leaf(8).cuda() / 4"
CUDNN_EXAMPLE = (
    f"torch.lstm(leaf(3, 2, 3).cuda(), (leaf(1, 2, 2).cuda(), leaf(1, 2, 2).cuda()), [{WEIGHTS}], True, 1, 0.0, True, False, False)[0]"
)
MPS_EXAMPLE = CUDNN_EXAMPLE.replace(".cuda()", ".to('mps')")
MIOPEN_EXAMPLE = (
    f"torch.miopen_rnn(leaf(3, 2, 3).cuda(), [{WEIGHTS}], 4, leaf(1, 2, 2).cuda(), leaf(1, 2, 2).cuda(), "
    "2, 2, 1, False, 0.0, True, False, [], None)[0]"
)


@shared(CUDNN, MIOPEN)
def gradients(grads, input, weight, weight_stride0, hx, cx, mode, batch_first, bidirectional, batch_sizes) -> Gradients:
    """What the input, the weights and the first states receive, worked out from the last step to the first."""
    layers = [weight[first : first + weight_stride0] for first in range(0, len(weight), weight_stride0)]
    return stack_back(grads, input, layers, hx, cx, mode, batch_first, 2 if bidirectional else 1, batch_sizes)


@shared(CUDNN, MIOPEN)
def nothing_dropped(dropout, train, weight, weight_stride0, bidirectional):
    """Whether all that one layer gave reached the next: which elements were dropped, the libraries do not tell."""
    return dropout == 0 or not train or len(weight) <= weight_stride0 * (2 if bidirectional else 1)


@rule(CUDNN, edge=0, example=CUDNN_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
@rule(MIOPEN, edge=0, example=MIOPEN_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
def cudnn_rnn_input(gradients):
    return gradients.input


@rule(CUDNN, edge=EACH, example=CUDNN_EXAMPLE, when=lambda index, weight, nothing_dropped: index <= len(weight) and nothing_dropped)
@rule(MIOPEN, edge=EACH, example=MIOPEN_EXAMPLE, when=lambda index, weight, nothing_dropped: index <= len(weight) and nothing_dropped)
def cudnn_rnn_weight(gradients, index):
    return gradients.weights[index - 1]


@rule(CUDNN, edge=EACH, example=CUDNN_EXAMPLE, when=lambda index, weight, nothing_dropped: index == len(weight) + 1 and nothing_dropped)
@rule(MIOPEN, edge=EACH, example=MIOPEN_EXAMPLE, when=lambda index, weight, nothing_dropped: index == len(weight) + 1 and nothing_dropped)
def cudnn_rnn_hx(gradients):
    return gradients.hidden


@rule(CUDNN, edge=EACH, example=CUDNN_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
@rule(MIOPEN, edge=EACH, example=MIOPEN_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
def cudnn_rnn_cx(gradients):
    return gradients.cell


@shared(MPS)
def gradients__mps(grads, input, params, hx, has_biases, batch_first, bidirectional) -> Gradients:
    """What the input, the weights and the first states receive, worked out from the last step to the first."""
    count = 4 if has_biases else 2
    layers = [params[first : first + count] for first in range(0, len(params), count)]
    return stack_back(grads, input, layers, hx[0], hx[1], LSTM, batch_first, 2 if bidirectional else 1, ())


@shared(MPS)
def nothing_dropped__mps(dropout, train, num_layers):
    """Whether all that one layer gave reached the next."""
    return dropout == 0 or not train or num_layers == 1


@rule(MPS, edge=0, example=MPS_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
def lstm_mps_input(gradients):
    return gradients.input


@rule(MPS, edge=1, example=MPS_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
def lstm_mps_hx(gradients):
    return gradients.hidden


@rule(MPS, edge=2, example=MPS_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
def lstm_mps_hx__cell(gradients):
    return gradients.cell


@rule(MPS, edge=EACH, example=MPS_EXAMPLE, when=lambda nothing_dropped: nothing_dropped)
def lstm_mps_params(gradients, index):
    return gradients.weights[index - 3]

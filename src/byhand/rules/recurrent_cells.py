"""Derivatives of one step of a recurrent layer, fused into one operation on CUDA: of an LSTM cell and of a GRU cell."""

import torch

from byhand.rules.table import helper, rule, shared

LSTM = "ThnnFusedLstmCellBackward0"
GRU = "ThnnFusedGruCellBackward0"
LSTM_EXAMPLE = (
    "torch._thnn_fused_lstm_cell(leaf(2, 12).cuda(), leaf(2, 12).cuda(), leaf(2, 3).cuda(), leaf(12).cuda(), leaf(12).cuda())[:2]"
)
GRU_EXAMPLE = "torch._thnn_fused_gru_cell(leaf(2, 9).cuda(), leaf(2, 9).cuda(), leaf(2, 3).cuda(), leaf(9).cuda(), leaf(9).cuda())[0]"


@helper
def with_bias(value: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """The value plus the bias; without a bias, the value itself."""
    return value if bias is None else value + bias


@shared(LSTM)
def entering(input_gates, hidden_gates, input_bias, hidden_bias):
    return (with_bias(input_gates, input_bias) + with_bias(hidden_gates, hidden_bias)).chunk(4, -1)


@shared(LSTM)
def grad_cell(grads, entering, result1):
    return grads[1] + grads[0] * torch.sigmoid(entering[3]) * (1 - torch.tanh(result1) ** 2)


@shared(LSTM)
def grad_gates(grads, grad_cell, entering, cx, result1):
    admit = torch.sigmoid(entering[0])
    forget = torch.sigmoid(entering[1])
    candidate = torch.tanh(entering[2])
    emit = torch.sigmoid(entering[3])
    to_admit = grad_cell * candidate * admit * (1 - admit)
    to_forget = grad_cell * cx * forget * (1 - forget)
    to_candidate = grad_cell * admit * (1 - candidate**2)
    to_emit = grads[0] * torch.tanh(result1) * emit * (1 - emit)
    return torch.cat((to_admit, to_forget, to_candidate, to_emit), -1)


@rule(LSTM, edge=0, example=LSTM_EXAMPLE)
def thnn_fused_lstm_cell_input_gates(grad_gates):
    return grad_gates


@rule(LSTM, edge=1, example=LSTM_EXAMPLE)
def thnn_fused_lstm_cell_hidden_gates(grad_gates):
    return grad_gates


@rule(LSTM, edge=2, example=LSTM_EXAMPLE)
def thnn_fused_lstm_cell_cx(grad_cell, entering):
    return grad_cell * torch.sigmoid(entering[1])


@rule(LSTM, edge=3, example=LSTM_EXAMPLE)
def thnn_fused_lstm_cell_input_bias(grad_gates):
    return grad_gates.sum(0)


@rule(LSTM, edge=4, example=LSTM_EXAMPLE)
def thnn_fused_lstm_cell_hidden_bias(grad_gates):
    return grad_gates.sum(0)


@shared(GRU)
def from_input(input_gates, input_bias):
    return with_bias(input_gates, input_bias).chunk(3, -1)


@shared(GRU)
def from_hidden(hidden_gates, hidden_bias):
    return with_bias(hidden_gates, hidden_bias).chunk(3, -1)


@shared(GRU)
def reset(from_input, from_hidden):
    return torch.sigmoid(from_input[0] + from_hidden[0])


@shared(GRU)
def update(from_input, from_hidden):
    return torch.sigmoid(from_input[1] + from_hidden[1])


@shared(GRU)
def candidate(from_input, from_hidden, reset):
    return torch.tanh(from_input[2] + reset * from_hidden[2])


@shared(GRU)
def to_candidate(grad, update, candidate):
    return grad * (1 - update) * (1 - candidate**2)


@shared(GRU)
def to_reset(to_candidate, from_hidden, reset):
    return to_candidate * from_hidden[2] * reset * (1 - reset)


@shared(GRU)
def to_update(grad, hx, update, candidate):
    return grad * (hx - candidate) * update * (1 - update)


@rule(GRU, edge=0, example=GRU_EXAMPLE)
def thnn_fused_gru_cell_input_gates(to_reset, to_update, to_candidate):
    return torch.cat((to_reset, to_update, to_candidate), -1)


@rule(GRU, edge=1, example=GRU_EXAMPLE)
def thnn_fused_gru_cell_hidden_gates(to_reset, to_update, to_candidate, reset):
    return torch.cat((to_reset, to_update, to_candidate * reset), -1)


@rule(GRU, edge=2, example=GRU_EXAMPLE)
def thnn_fused_gru_cell_hx(grad, update):
    return grad * update


@rule(GRU, edge=3, example=GRU_EXAMPLE)
def thnn_fused_gru_cell_input_bias(to_reset, to_update, to_candidate):
    return torch.cat((to_reset, to_update, to_candidate), -1).sum(0)


@rule(GRU, edge=4, example=GRU_EXAMPLE)
def thnn_fused_gru_cell_hidden_bias(to_reset, to_update, to_candidate, reset):
    return torch.cat((to_reset, to_update, to_candidate * reset), -1).sum(0)

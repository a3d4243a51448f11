"""Derivatives of a recurrent layer (LSTM): back-propagation through time."""

import torch

from byhand.rules.table import helper, rule, shared

LAYER = "MkldnnRnnLayerBackward0"
WEIGHTS = "[leaf(8, 3) / 4, leaf(8, 2) / 4, leaf(8) / 4, leaf(8) / 4]"
OUTPUT = f"torch.lstm(leaf(3, 1, 3), (leaf(1, 1, 2), leaf(1, 1, 2)), {WEIGHTS}, True, 1, 0.0, True, False, False)[0]"


def in_order(steps: int, reverse: bool) -> range:
    """The steps in the order in which the layer took them."""
    return range(steps - 1, -1, -1) if reverse else range(steps)


@helper
def first_step(steps: torch.Tensor, reverse: bool) -> torch.Tensor:
    """The value at the step that the layer took first."""
    return steps[-1 if reverse else 0]


@helper
def before_each_step(first: torch.Tensor, steps: torch.Tensor, reverse: bool) -> torch.Tensor:
    """What each step started from: the value after the step ahead of it, at the start the first."""
    return torch.cat([steps[1:], first.unsqueeze(0)] if reverse else [first.unsqueeze(0), steps[:-1]])


@helper
def both_biases(weight2: torch.Tensor, weight3: torch.Tensor, has_biases: bool) -> torch.Tensor | float:
    """The sum of the two biases; 0 if the layer has none."""
    return weight2 + weight3 if has_biases else 0.0


@helper
def squash(entering: torch.Tensor) -> torch.Tensor:
    """The four gates of every step: sigmoid for input, forget and output, tanh for the candidate (the third)."""
    admit, forget, candidate, emit = entering.chunk(4, -1)
    return torch.stack([admit.sigmoid(), forget.sigmoid(), candidate.tanh(), emit.sigmoid()])


@helper
def lstm_cells(gates: torch.Tensor, first: torch.Tensor, reverse: bool) -> torch.Tensor:
    """The cell after every step: what the forget gate kept of it, plus the candidate that the input gate let in."""
    admit, forget, candidate, _ = gates
    cells, cell = torch.empty_like(forget), first
    for step in in_order(len(cells), reverse):
        cell = torch.addcmul(admit[step] * candidate[step], forget[step], cell)
        cells[step] = cell
    return cells


@helper
def lstm_back(
    grads: tuple[torch.Tensor, ...],
    gates: torch.Tensor,
    cells: torch.Tensor,
    cells_before: torch.Tensor,
    weight1: torch.Tensor,
    reverse: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of what enters the gates and of the cells, worked out from the last step to the first."""
    admit, forget, candidate, emit = gates
    shown = cells.tanh()
    hidden_by_cell, hidden_by_emit = emit * (1 - shown**2), shown * emit * (1 - emit)
    cell_by_gates = torch.stack([candidate * admit * (1 - admit), cells_before * forget * (1 - forget), admit * (1 - candidate**2)], 2)
    grad_entering, grad_cells = gates.new_empty(*cells.shape[:2], 4, cells.shape[2]), torch.empty_like(cells)
    grad_hidden, grad_cell = grads[1].reshape(cells.shape[1:]), grads[2].reshape(cells.shape[1:])
    for step in reversed(in_order(len(cells), reverse)):
        grad_hidden = grad_hidden + grads[0][step]
        grad_cells[step] = torch.addcmul(grad_cell, grad_hidden, hidden_by_cell[step])
        grad_entering[step, :, :3] = cell_by_gates[step] * grad_cells[step].unsqueeze(1)
        grad_entering[step, :, 3] = grad_hidden * hidden_by_emit[step]
        grad_hidden = grad_entering[step].flatten(1) @ weight1
        grad_cell = grad_cells[step] * forget[step]
    return grad_entering.flatten(2), grad_cells


@shared(LAYER)
def hidden_before(hx_, result0, reverse):
    return before_each_step(hx_.reshape(result0.shape[1:]), result0, reverse)


@shared(LAYER)
def gates(input, hidden_before, weight0, weight1, weight2, weight3, has_biases):
    return squash(input @ weight0.T + hidden_before @ weight1.T + both_biases(weight2, weight3, has_biases))


@shared(LAYER)
def cells(gates, cx_, result0, reverse):
    return lstm_cells(gates, cx_.reshape(result0.shape[1:]), reverse)


@shared(LAYER)
def cells_before(cells, cx_, reverse):
    return before_each_step(cx_.reshape(cells.shape[1:]), cells, reverse)


@shared(LAYER)
def through_time(grads, gates, cells, cells_before, weight1, reverse):
    return lstm_back(grads, gates, cells, cells_before, weight1, reverse)


@shared(LAYER)
def grad_entering(through_time):
    return through_time[0]


@rule(LAYER, edge=3, example=OUTPUT)
def mkldnn_rnn_layer_weight2(grad_entering):
    return grad_entering.sum((0, 1))


@rule(LAYER, edge=4, example=OUTPUT)
def mkldnn_rnn_layer_weight3(grad_entering):
    return grad_entering.sum((0, 1))


@rule(LAYER, edge=0, example=OUTPUT)
def mkldnn_rnn_layer_input(grad_entering, weight0):
    return grad_entering @ weight0


@rule(LAYER, edge=1, example=OUTPUT)
def mkldnn_rnn_layer_weight0(grad_entering, input):
    return grad_entering.flatten(0, 1).T @ input.flatten(0, 1)


@rule(LAYER, edge=2, example=OUTPUT)
def mkldnn_rnn_layer_weight1(grad_entering, hidden_before):
    return grad_entering.flatten(0, 1).T @ hidden_before.flatten(0, 1)


@rule(LAYER, edge=5, example=OUTPUT)
def mkldnn_rnn_layer_hx_(grad_entering, weight1, reverse, shape):
    return (first_step(grad_entering, reverse) @ weight1).reshape(shape)


@rule(LAYER, edge=6, example=OUTPUT)
def mkldnn_rnn_layer_cx_(through_time, gates, reverse, shape):
    return (first_step(through_time[1], reverse) * first_step(gates[1], reverse)).reshape(shape)

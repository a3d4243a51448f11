"""Recurrent layers, which CUDA makes one class of, by PyTorch's own layers in float64 on the CPU, made of ordinary operations."""

import torch
from torch import nn

KINDS = {"RNN_RELU": 0, "RNN_TANH": 1, "LSTM": 2, "GRU": 3}


def recurrent(kind, *, layers=1, bidirectional=False, batch_first=False, bias=True, projected=0, packed=False):
    """Inputs, outputs and saved values of a recurrent layer."""
    torch.manual_seed(3)
    named = {"num_layers": layers, "bidirectional": bidirectional, "batch_first": batch_first, "bias": bias}
    family = nn.RNN if kind.startswith("RNN") else getattr(nn, kind)
    named |= {"proj_size": projected} if projected else {}
    named |= {"nonlinearity": kind[4:].lower()} if kind.startswith("RNN") else {}
    layer = family(3, 4, **named).double()
    count, directions = 3, 2 if bidirectional else 1
    x = torch.randn(5, count, 3, dtype=torch.float64)
    x = (x.transpose(0, 1) if batch_first else x).contiguous().requires_grad_()
    hidden = torch.randn(layers * directions, count, projected or 4, dtype=torch.float64).requires_grad_()
    cell = torch.randn(layers * directions, count, 4, dtype=torch.float64).requires_grad_() if kind == "LSTM" else None
    state = hidden if cell is None else (hidden, cell)
    weights = tuple(weight for group in layer.all_weights for weight in group)
    sizes = ()
    if packed:
        sequence = nn.utils.rnn.pack_padded_sequence(x.detach(), [5, 4, 2])
        x, sizes = sequence.data.clone().requires_grad_(), tuple(sequence.batch_sizes.tolist())
        given = nn.utils.rnn.PackedSequence(x, sequence.batch_sizes)
        output, last = layer(given, state)
        output = output.data
    else:
        output, last = layer(x, state)
    saved = {"input": x, "weight": weights, "weight_stride0": len(layer.all_weights[0]), "hx": hidden, "cx": cell, "mode": KINDS[kind]}
    saved |= {"batch_first": batch_first, "bidirectional": bidirectional, "batch_sizes": sizes, "dropout": 0.0, "train": True}
    saved |= {"num_layers": layers}
    inputs = (x, *weights, hidden) if cell is None else (x, *weights, hidden, cell)
    return inputs, (output, last) if cell is None else (output, *last), saved


def on_mps(**options):
    """As recurrent, the inputs in the order of MPS and the saved values under its names."""
    (x, *weights, hidden, cell), outputs, saved = recurrent("LSTM", **options)
    named = {"hx": (hidden, cell), "params": tuple(weights), "has_biases": saved["weight_stride0"] == 4}
    return (x, hidden, cell, *weights), outputs, saved | named


LAYERS = [
    ("CudnnRnnBackward0", recurrent, {"kind": "LSTM", "layers": 2, "bidirectional": True}),
    ("CudnnRnnBackward0", recurrent, {"kind": "LSTM", "layers": 2, "bidirectional": True, "packed": True}),
    ("CudnnRnnBackward0", recurrent, {"kind": "LSTM", "projected": 2, "batch_first": True}),
    ("CudnnRnnBackward0", recurrent, {"kind": "LSTM", "projected": 2, "bias": False}),
    ("CudnnRnnBackward0", recurrent, {"kind": "GRU", "layers": 2, "bidirectional": True, "packed": True}),
    ("CudnnRnnBackward0", recurrent, {"kind": "GRU", "batch_first": True}),
    ("CudnnRnnBackward0", recurrent, {"kind": "RNN_TANH", "bias": False, "layers": 3}),
    ("CudnnRnnBackward0", recurrent, {"kind": "RNN_RELU", "bidirectional": True}),
    ("MiopenRnnBackward0", recurrent, {"kind": "LSTM"}),
    ("LstmMpsBackward0", on_mps, {"layers": 2, "batch_first": True}),
    ("LstmMpsBackward0", on_mps, {"bidirectional": True, "bias": False}),
]
"""(class, what writes it out, its options)."""

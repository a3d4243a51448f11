"""The mathematics of classes that PyTorch makes on other devices only, written out in ordinary operations: first derivatives."""

import torch
import torch.nn.functional as F


def tensors(*shapes):
    """Leaves of these shapes, in float64, the same every time."""
    generator = torch.Generator().manual_seed(2)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_() for shape in shapes]


def convolution(*, solid=False, depthwise=False, transposed=False, bias=True, first="self"):
    """Inputs, outputs and saved values of a convolution; `first` is the name that the class saves its input under."""
    window = (2, 3, 2) if solid else (3, 2)
    stride, padding, dilation, output_padding = ([each] * len(window) for each in (2, 1, 1, 1))
    groups = 4 if depthwise else 2
    x, weight, added = tensors(
        (2, 4, 5, 6, 4)[: 2 + len(window)], (4, 3 if transposed else 4 // groups, *window), (6 if transposed else 4,)
    )
    by = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    run = (F.conv_transpose3d if solid else F.conv_transpose2d) if transposed else F.conv3d if solid else F.conv2d
    output = run(x, weight, added if bias else None, **by, **({"output_padding": output_padding} if transposed else {}))
    saved = by | {first: x, "weight": weight, "output_padding": output_padding, "transposed": transposed}
    return (x, weight, added) if bias else (x, weight), (output,), saved


def plain_convolution():
    """Inputs, outputs and saved values of a convolution without dilation and groups."""
    x, weight, added = tensors((2, 3, 5, 6), (4, 3, 3, 3), (4,))
    return (x, weight, added), (F.conv2d(x, weight, added, 2, 1),), {"input": x, "weight": weight, "stride": (2, 2), "padding": (1, 1)}


def linear():
    """Inputs, outputs and saved values of a linear layer."""
    x, weight, added = tensors((2, 5, 3), (4, 3), (4,))
    return (x, weight, added), (x @ weight.T + added,), {"input": x, "weight": weight}


def max_pool():
    """Inputs, outputs and saved values of a maximum over windows."""
    (x,) = tensors((2, 3, 7, 6))
    by = {"kernel_size": (3, 2), "stride": (2, 2), "padding": (1, 1), "dilation": (1, 1), "ceil_mode": False}
    return (x,), (F.max_pool2d(x, **by),), by | {"self": x}


def affine_grid():
    """Inputs, outputs and saved values of a grid of places."""
    (theta,) = tensors((2, 2, 3))
    rows, columns = torch.linspace(-1, 1, 4, dtype=torch.float64), torch.linspace(-1, 1, 5, dtype=torch.float64)
    points = torch.stack([columns.expand(4, 5), rows.unsqueeze(1).expand(4, 5), torch.ones(4, 5, dtype=torch.float64)], -1)
    return (theta,), (torch.einsum("hwj,nij->nhwi", points, theta),), {"N": 2, "C": 3, "H": 4, "W": 5}


def grid_sampler():
    """Inputs, outputs and saved values of a picture sampled along a grid."""
    x, grid = tensors((2, 3, 4, 5), (2, 3, 2, 2))
    return (x, grid), (F.grid_sample(x, grid, align_corners=True),), {"self": x, "grid": grid}


def ctc_loss(*, zero_infinity):
    """Inputs, outputs and saved values of the loss of two sequences, one of them longer than its steps."""
    (x,) = tensors((4, 2, 3))
    given = torch.tensor([[1, 2, 0, 0], [1, 1, 2, 2]]), (4, 4), (2, 4 if zero_infinity else 2)
    loss = F.ctc_loss(x, *given, reduction="none", zero_infinity=zero_infinity)
    return (
        (x,),
        (loss,),
        {"result0": loss, "result1": torch.autograd.grad(loss.sum(), x, retain_graph=True)[0], "zero_infinity": zero_infinity},
    )


def copy():
    """Inputs, outputs and saved values of a copy."""
    (x,) = tensors((3, 4))
    return (x,), (x.clone(),), {}


def fused_dropout():
    """Inputs, outputs and saved values of dropout that keeps the part p."""
    (x,) = tensors((3, 4))
    kept = torch.arange(12).reshape(3, 4) % 3 > 0
    return (x,), (x * kept / 0.7,), {"result1": kept.to(torch.uint8), "p": 0.7}


def lstm_cell(*, bias=True):
    """Inputs, outputs and saved values of one step of an LSTM; the gates in the order input, forget, candidate, output."""
    given = tensors((2, 12), (2, 12), (2, 3), (12,), (12,))[: 5 if bias else 3]
    admit, forget, candidate, emit = (given[0] + given[1] + (given[3] + given[4] if bias else 0)).chunk(4, -1)
    cell = forget.sigmoid() * given[2] + admit.sigmoid() * candidate.tanh()
    named = dict(zip(("input_gates", "hidden_gates", "cx", "input_bias", "hidden_bias"), (*given, None, None), strict=False))
    return tuple(given), (emit.sigmoid() * cell.tanh(), cell), named | {"result1": cell}


def gru_cell(*, bias=True):
    """Inputs, outputs and saved values of one step of a GRU; the gates in the order reset, update, candidate."""
    given = tensors((2, 9), (2, 9), (2, 3), (9,), (9,))[: 5 if bias else 3]
    reset, update, candidate = (given[0] + (given[3] if bias else 0)).chunk(3, -1)
    reset_hidden, update_hidden, candidate_hidden = (given[1] + (given[4] if bias else 0)).chunk(3, -1)
    new = torch.tanh(candidate + torch.sigmoid(reset + reset_hidden) * candidate_hidden)
    kept = torch.sigmoid(update + update_hidden)
    named = dict(zip(("input_gates", "hidden_gates", "hx", "input_bias", "hidden_bias"), (*given, None, None), strict=False))
    return tuple(given), ((1 - kept) * new + kept * given[2],), named


ONCE = [
    ("ConvDepthwise2DBackward0", convolution, {"depthwise": True}),
    ("ConvDepthwise3DBackward0", convolution, {"depthwise": True, "solid": True}),
    ("CudnnConvolutionBackward0", convolution, {"bias": False}),
    ("CudnnConvolutionTransposeBackward0", convolution, {"bias": False, "transposed": True}),
    ("MiopenConvolutionBackward0", convolution, {"solid": True}),
    ("MiopenConvolutionTransposeBackward0", convolution, {"transposed": True}),
    ("MiopenDepthwiseConvolutionBackward0", convolution, {"depthwise": True}),
    ("MpsConvolutionBackward0", convolution, {}),
    ("MpsConvolutionTransposeBackward0", convolution, {"bias": False, "transposed": True}),
    ("ConvolutionOverrideableBackward0", convolution, {"first": "input"}),
    ("ConvolutionOverrideableBackward0", convolution, {"first": "input", "transposed": True}),
    ("NnpackSpatialConvolutionBackward0", plain_convolution, {}),
    ("LinearBackward0", linear, {}),
    ("MaxPool2DBackward0", max_pool, {}),
    ("CudnnAffineGridGeneratorBackward0", affine_grid, {}),
    ("CudnnGridSamplerBackward0", grid_sampler, {}),
    ("CudnnCtcLossBackward0", ctc_loss, {"zero_infinity": True}),
    ("CudnnCtcLossBackward1", ctc_loss, {"zero_infinity": False}),
    ("MiopenCtcLossBackward0", ctc_loss, {"zero_infinity": True}),
    ("MiopenCtcLossBackward1", ctc_loss, {"zero_infinity": False}),
    ("PinMemoryBackward0", copy, {}),
    ("FusedDropoutBackward0", fused_dropout, {}),
    ("ThnnFusedLstmCellBackward0", lstm_cell, {}),
    ("ThnnFusedLstmCellBackward0", lstm_cell, {"bias": False}),
    ("ThnnFusedGruCellBackward0", gru_cell, {}),
    ("ThnnFusedGruCellBackward0", gru_cell, {"bias": False}),
]
"""(class, what writes it out, its options)."""

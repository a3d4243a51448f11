"""Derivatives of the operations on tensors in oneDNN's own layout (`to_mkldnn`): the same mathematics as on ordinary tensors."""

import torch.nn.functional as F

from byhand.rules.helpers import rows
from byhand.rules.pooling import bin_shares
from byhand.rules.table import forward, rule, shared

FLAT = "MkldnnMaxPool2DBackward0"
SOLID = "MkldnnMaxPool3DBackward0"
LINEAR = "torch.ops.aten.mkldnn_linear(leaf(2, 5, 3).to_mkldnn(), leaf(4, 3), leaf(4)).to_dense()"


@rule("ToMkldnnBackward0", edge=0, example="x.to_mkldnn()")
def to_mkldnn_self(grad):
    return grad


@forward("ToMkldnnBackward0")
def to_mkldnn(self):
    return self


@rule("MkldnnLinearBackward0", edge=2, example=LINEAR)
def mkldnn_linear_bias(grad):
    return grad


@rule("MkldnnLinearBackward0", edge=0, example=LINEAR)
def mkldnn_linear_self(grad, weight):
    return grad @ weight


@rule("MkldnnLinearBackward0", edge=1, example=LINEAR)
def mkldnn_linear_weight(grad, self):
    return rows(grad).T @ rows(self)


@shared(FLAT, "MaxPool2DBackward0")
def places_of_maxima(self, kernel_size, stride, padding, dilation, ceil_mode):
    """The place in its picture of the element that each maximum is."""
    return F.max_pool2d(self, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)[1]


@shared(SOLID)
def places_of_maxima__solid(self, kernel_size, stride, padding, dilation, ceil_mode):
    """The place in its picture of the element that each maximum is."""
    return F.max_pool3d(self, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)[1]


@rule(
    FLAT,
    edge=0,
    example="F.max_pool2d((leaf(2, 1, 5, 4) / 9 + torch.arange(40.0).reshape(2, 1, 5, 4)).to_mkldnn(), (3, 2), stride=2, padding=1)",
)
@rule("MaxPool2DBackward0", edge=0, example="F.max_pool2d(leaf(2, 3, 7, 6).to('mps'), (3, 2), stride=2, padding=1)")
def mkldnn_max_pool2d_self(grad, places_of_maxima, shape):
    nothing = grad.new_zeros(shape).flatten(-2)
    return nothing.scatter_add(-1, places_of_maxima.flatten(-2), grad.flatten(-2)).reshape(shape)


@rule(
    SOLID,
    edge=0,
    example="F.max_pool3d((leaf(1, 1, 3, 3, 3) / 4 + (torch.arange(27.0) / 2 - 6).reshape(1, 1, 3, 3, 3)).to_mkldnn(), 2, stride=1)",
)
def mkldnn_max_pool3d_self(grad, places_of_maxima, shape):
    nothing = grad.new_zeros(shape).flatten(-3)
    return nothing.scatter_add(-1, places_of_maxima.flatten(-3), grad.flatten(-3)).reshape(shape)


@rule("MkldnnAdaptiveAvgPool2DBackward0", edge=0, example="F.adaptive_avg_pool2d(leaf(1, 1, 4, 2).to_mkldnn(), (2, 1))")
def mkldnn_adaptive_avg_pool2d_self(grad, shape):
    rows_of_bins = bin_shares(grad, shape, -2)
    columns_of_bins = bin_shares(grad, shape, -1)
    return rows_of_bins @ grad @ columns_of_bins.T

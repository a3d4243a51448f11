"""The derivative of dropout: what was dropped gets nothing, what was kept is scaled as it was on the way in."""

import torch

from byhand.rules.table import forward, rule


@forward("NativeDropoutBackward0")
def native_dropout(input, result1, p):
    return input * result1 / (1 - p)


@rule("NativeDropoutBackward0", edge=0, example="torch.native_dropout(leaf(3, 4), 1.0, True)[0]", when=lambda p: p == 1)
def native_dropout_input__all(grad):
    return torch.zeros_like(grad)


@rule("NativeDropoutBackward0", edge=0, example="torch.native_dropout(leaf(3, 4), 0.5, True)[0]")
def native_dropout_input(grad, result1, p):
    return grad * result1 / (1 - p)


@rule("FusedDropoutBackward0", edge=0, example="torch.ops.aten._fused_dropout(leaf(3, 4).cuda(), 0.7)[0]")
def fused_dropout_self(grad, result1, p):
    return grad * result1 / p  # p is the part that is kept

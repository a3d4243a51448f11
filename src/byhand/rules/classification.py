"""Derivatives of the losses that choose among classes: negative log likelihood and the margin losses."""

import torch

from byhand.rules.helpers import at_class, class_weight, per_element, rows
from byhand.rules.table import rule


@rule("NllLossBackward0", edge=0, example="F.cross_entropy(leaf(5, 3), integers(3, 5), ignore_index=1)")
@rule("NllLoss2DBackward0", edge=0, example="F.nll_loss(leaf(2, 3, 4, 5), integers(3, 2, 4, 5), torch.abs(const(3)))")
def nll_loss_self(grad, shape, target, weight, reduction, ignore_index, total_weight):
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    slope = -per_element(grad, reduction, total_weight) * class_weight(weight, index)
    return at_class(torch.where(counted, slope, 0), index, shape)


@rule("MultiMarginLossBackward0", edge=0, example="F.multi_margin_loss(leaf(5, 3), integers(3, 5), p=2)")
def multi_margin_loss_self(grad, self, shape, target, p, margin, weight, reduction):
    scores = rows(self)
    index = target.reshape(-1, 1)
    excess = torch.clamp(margin - torch.gather(scores, 1, index) + scores, min=0)
    slope = class_weight(weight, index) * (excess > 0) * p * excess ** (p - 1) / scores.shape[1]
    others = slope.scatter(1, index, 0)
    each = others.scatter(1, index, -torch.sum(others, 1, keepdim=True))
    return (per_element(grad, reduction, scores.shape[0]).reshape(-1, 1) * each).reshape(shape)


@rule("MultilabelMarginLossBackward0", edge=0, example="F.multilabel_margin_loss(leaf(2, 4), torch.tensor([[3, 0, -1, 1], [2, -1, 0, 0]]))")
def multilabel_margin_loss_self(grad, self, shape, target, is_target, reduction):
    scores = rows(self)
    listed = torch.cumprod(rows(target) >= 0, 1) > 0
    index = torch.clamp(rows(target), min=0)
    excess = 1 - torch.gather(scores, 1, index).unsqueeze(2) + scores.unsqueeze(1)
    violated = (excess > 0) & listed.unsqueeze(2) & (rows(is_target) == 0).unsqueeze(1)
    counts = violated.to(scores.dtype)
    each = torch.sum(counts, 1).scatter_add(1, index, -torch.sum(counts, 2)) / scores.shape[1]
    return (per_element(grad, reduction, scores.shape[0]).reshape(-1, 1) * each).reshape(shape)

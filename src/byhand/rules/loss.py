"""Derivatives of the losses that compare a number with a target: squared, absolute and Huber errors, binary cross entropy."""

import torch
import torch.nn.functional as F

from byhand.rules.helpers import per_element, reduced, weight_or_one
from byhand.rules.table import forward, rule


@rule("MseLossBackward0", edge=0, example="F.mse_loss(x, y)", when=lambda reduction: reduction == 1)
def mse_loss_self(grad, self, target):
    return grad * 2 * (self - target) / self.numel()


@rule("MseLossBackward0", edge=0, example="F.mse_loss(x, y, reduction='sum')")
def mse_loss_self__sum(grad, self, target):
    return grad * 2 * (self - target)


@rule("MseLossBackward0", edge=1, example="F.mse_loss(x, y)", when=lambda reduction: reduction == 1)
def mse_loss_target(grad, self, target):
    return grad * 2 * (target - self) / self.numel()


@rule("MseLossBackward0", edge=1, example="F.mse_loss(x, y, reduction='sum')")
def mse_loss_target__sum(grad, self, target):
    return grad * 2 * (target - self)


@rule("HuberLossBackward0", edge=0, example="F.huber_loss(x, y)")
def huber_loss_self(grad, self, target, reduction, delta):
    return per_element(grad, reduction, self.numel()) * torch.clamp(self - target, -delta, delta)


@rule("HuberLossBackward0", edge=1, example="F.huber_loss(x, y, reduction='sum')")
def huber_loss_target(grad, self, target, reduction, delta):
    return per_element(grad, reduction, self.numel()) * torch.clamp(target - self, -delta, delta)


@rule("SmoothL1LossBackward0", edge=0, example="F.smooth_l1_loss(x, y)")
def smooth_l1_loss_self(grad, self, target, reduction, beta):
    return per_element(grad, reduction, self.numel()) * torch.clamp((self - target) / beta, -1, 1)


@rule("SmoothL1LossBackward0", edge=1, example="F.smooth_l1_loss(x, y, reduction='none')")
def smooth_l1_loss_target(grad, self, target, reduction, beta):
    return per_element(grad, reduction, self.numel()) * torch.clamp((target - self) / beta, -1, 1)


@rule("SoftMarginLossBackward0", edge=0, example="F.soft_margin_loss(x, torch.sign(const(*x.shape)))")
def soft_margin_loss_self(grad, self, target, reduction):
    return per_element(grad, reduction, self.numel()) * -target * torch.sigmoid(-target * self)


@rule("BinaryCrossEntropyBackward0", edge=0, example="F.binary_cross_entropy(torch.sigmoid(x), torch.sigmoid(y))")
def binary_cross_entropy_self(grad, self, target, weight, reduction):
    slope = (self - target) / torch.clamp(self * (1 - self), min=1e-12)
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * slope


@rule(
    "BinaryCrossEntropyBackward0", edge=1, example="F.binary_cross_entropy(torch.sigmoid(x), torch.sigmoid(y), torch.abs(const(*x.shape)))"
)
def binary_cross_entropy_target(grad, self, weight, reduction):
    slope = torch.clamp(torch.log1p(-self), min=-100) - torch.clamp(torch.log(self), min=-100)
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * slope


@rule(
    "BinaryCrossEntropyWithLogitsBackward0",
    edge=0,
    example="F.binary_cross_entropy_with_logits(x, torch.sigmoid(y))",
    when=lambda pos_weight: pos_weight is None,
)
def binary_cross_entropy_with_logits_self(grad, self, target, weight, reduction):
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * (torch.sigmoid(self) - target)


@rule(
    "BinaryCrossEntropyWithLogitsBackward0",
    edge=0,
    example="F.binary_cross_entropy_with_logits(x, torch.sigmoid(y), torch.abs(const(*x.shape)), pos_weight=torch.abs(const(*x.shape)))",
)
def binary_cross_entropy_with_logits_self__pos_weight(grad, self, target, weight, pos_weight, reduction):
    slope = (1 - target + pos_weight * target) * torch.sigmoid(self) - pos_weight * target
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * slope


@rule(
    "BinaryCrossEntropyWithLogitsBackward0",
    edge=1,
    example="F.binary_cross_entropy_with_logits(x, torch.sigmoid(y), reduction='sum')",
    when=lambda pos_weight: pos_weight is None,
)
def binary_cross_entropy_with_logits_target(grad, self, weight, reduction):
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * -self


@rule(
    "BinaryCrossEntropyWithLogitsBackward0",
    edge=1,
    example="F.binary_cross_entropy_with_logits(x, torch.sigmoid(y), pos_weight=torch.abs(const(*x.shape)))",
)
def binary_cross_entropy_with_logits_target__pos_weight(grad, self, weight, pos_weight, reduction):
    slope = F.logsigmoid(-self) - pos_weight * F.logsigmoid(self)
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * slope


@forward("SoftMarginLossBackward0")
def soft_margin_loss(self, target, reduction):
    return reduced(torch.log1p(torch.exp(-target * self)), reduction)


@forward("MseLossBackward0")
def mse_loss(self, target, reduction):
    return reduced((self - target) ** 2, reduction)


@forward("HuberLossBackward0")
def huber_loss(self, target, reduction, delta):
    error = torch.abs(self - target)
    return reduced(torch.where(error < delta, error**2 / 2, delta * (error - delta / 2)), reduction)


@forward("SmoothL1LossBackward0")
def smooth_l1_loss(self, target, reduction, beta):
    error = torch.abs(self - target)
    return reduced(torch.where(error < beta, error**2 / (2 * beta), error - beta / 2), reduction)


@forward("BinaryCrossEntropyBackward0")
def binary_cross_entropy(self, target, weight, reduction):
    surprise = target * torch.clamp(torch.log(self), min=-100) + (1 - target) * torch.clamp(torch.log1p(-self), min=-100)
    return reduced(-weight_or_one(weight) * surprise, reduction)


@forward("BinaryCrossEntropyWithLogitsBackward0")
def binary_cross_entropy_with_logits(self, target, weight, pos_weight, reduction):
    surprise = weight_or_one(pos_weight) * target * F.logsigmoid(self) + (1 - target) * F.logsigmoid(-self)
    return reduced(-weight_or_one(weight) * surprise, reduction)

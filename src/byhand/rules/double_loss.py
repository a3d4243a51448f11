"""Derivatives of the losses' derivatives, as `create_graph=True` needs them."""

import torch

from byhand.rules.helpers import class_weight, of_class, per_element, weight_or_one
from byhand.rules.table import rule


@rule("MseLossBackwardBackward0", edge=0, example="torch.ops.aten.mse_loss_backward(leaf(), leaf(3, 4), leaf(3, 4), 1)")
def mse_loss_backward_grad_output(grad, self, target, reduction):
    return per_element(grad, reduction, self.numel()) * 2 * (self - target)


@rule("MseLossBackwardBackward0", edge=1, example="torch.ops.aten.mse_loss_backward(leaf(), leaf(3, 4), leaf(3, 4), 1)")
def mse_loss_backward_self(grad, grad_output, reduction):
    return per_element(grad, reduction, grad.numel()) * 2 * grad_output


@rule("MseLossBackwardBackward0", edge=2, example="torch.ops.aten.mse_loss_backward(x, y, z, 0)")
def mse_loss_backward_target(grad, grad_output, reduction):
    return per_element(grad, reduction, grad.numel()) * -2 * grad_output


@rule("HuberLossBackwardBackward0", edge=0, example="torch.ops.aten.huber_loss_backward(leaf(), leaf(3, 4), leaf(3, 4), 1, 0.9)")
def huber_loss_backward_grad_output(grad, self, target, reduction, delta):
    return per_element(grad, reduction, self.numel()) * torch.clamp(self - target, -delta, delta)


@rule("HuberLossBackwardBackward0", edge=1, example="torch.ops.aten.huber_loss_backward(leaf(), leaf(3, 4), leaf(3, 4), 1, 0.9)")
def huber_loss_backward_self(grad, grad_output, self, target, reduction, delta):
    return per_element(grad, reduction, self.numel()) * grad_output * (torch.abs(self - target) < delta)


@rule("HuberLossBackwardBackward0", edge=2, example="torch.ops.aten.huber_loss_backward(x, y, z, 0, 0.9)")
def huber_loss_backward_target(grad, grad_output, self, target, reduction, delta):
    return -per_element(grad, reduction, self.numel()) * grad_output * (torch.abs(self - target) < delta)


@rule("SmoothL1LossBackwardBackward0", edge=0, example="torch.ops.aten.smooth_l1_loss_backward(leaf(), leaf(3, 4), leaf(3, 4), 1, 0.9)")
def smooth_l1_loss_backward_grad_output(grad, self, target, reduction, beta):
    return per_element(grad, reduction, self.numel()) * torch.clamp((self - target) / beta, -1, 1)


@rule("SmoothL1LossBackwardBackward0", edge=1, example="torch.ops.aten.smooth_l1_loss_backward(leaf(), leaf(3, 4), leaf(3, 4), 1, 0.9)")
def smooth_l1_loss_backward_self(grad, grad_output, self, target, reduction, beta):
    return per_element(grad, reduction, self.numel()) * grad_output * (torch.abs(self - target) < beta) / beta


@rule("SmoothL1LossBackwardBackward0", edge=2, example="torch.ops.aten.smooth_l1_loss_backward(x, y, z, 0, 0.9)")
def smooth_l1_loss_backward_target(grad, grad_output, self, target, reduction, beta):
    return -per_element(grad, reduction, self.numel()) * grad_output * (torch.abs(self - target) < beta) / beta


SIGNS = "torch.sign(const(3, 4))"


@rule("SoftMarginLossBackwardBackward0", edge=0, example=f"torch.ops.aten.soft_margin_loss_backward(leaf(), leaf(3, 4), {SIGNS}, 1)")
def soft_margin_loss_backward_grad_output(grad, self, target, reduction):
    return per_element(grad, reduction, self.numel()) * -target * torch.sigmoid(-target * self)


@rule("SoftMarginLossBackwardBackward0", edge=1, example=f"torch.ops.aten.soft_margin_loss_backward(leaf(), leaf(3, 4), {SIGNS}, 1)")
def soft_margin_loss_backward_self(grad, grad_output, self, target, reduction):
    bend = target**2 * torch.sigmoid(target * self) * torch.sigmoid(-target * self)
    return per_element(grad, reduction, self.numel()) * grad_output * bend


CROSS_ENTROPY = "torch.ops.aten.binary_cross_entropy_backward(leaf(), torch.sigmoid(leaf(3, 4)), torch.sigmoid(leaf(3, 4)), None, 1)"


@rule("BinaryCrossEntropyBackwardBackward0", edge=0, example=CROSS_ENTROPY)
def binary_cross_entropy_backward_grad_output(grad, self, target, weight, reduction):
    slope = (self - target) / ((self + 1e-12) * (1 - self + 1e-12))
    return per_element(grad, reduction, self.numel()) * weight_or_one(weight) * slope


@rule("BinaryCrossEntropyBackwardBackward0", edge=1, example=CROSS_ENTROPY)
def binary_cross_entropy_backward_self(grad, grad_output, self, target, weight, reduction):
    bend = (self**2 - 2 * self * target + target) / ((self + 1e-12) ** 2 * (1 - self + 1e-12) ** 2)
    return per_element(grad, reduction, self.numel()) * grad_output * weight_or_one(weight) * bend


@rule("BinaryCrossEntropyBackwardBackward0", edge=2, example=CROSS_ENTROPY)
def binary_cross_entropy_backward_target(grad, grad_output, self, weight, reduction):
    slope = -1 / torch.clamp(self * (1 - self), min=1e-12)
    return per_element(grad, reduction, self.numel()) * grad_output * weight_or_one(weight) * slope


@rule(
    "NllLossBackwardBackward0",
    edge=0,
    example="torch.ops.aten.nll_loss_backward(leaf(), leaf(5, 3), torch.arange(5) % 3, None, 1, 1, torch.tensor(3.0))",
)
@rule(
    "NllLoss2DBackwardBackward0",
    edge=0,
    example="torch.ops.aten.nll_loss2d_backward(leaf(2, 4, 5), leaf(2, 3, 4, 5), integers(3, 2, 4, 5), None, 0, -100, torch.tensor(40.0))",
)
def nll_loss_backward_grad_output(grad, target, weight, reduction, ignore_index):
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    weights = counted * class_weight(weight, index)
    return -per_element(weights * of_class(grad, index), reduction, torch.sum(weights))


@rule(
    "NllLossBackwardBackward0",
    edge=1,
    example="torch.ops.aten.nll_loss_backward(leaf(), leaf(5, 3), torch.arange(5) % 3, None, 1, 1, torch.tensor(3.0))",
)
@rule(
    "NllLoss2DBackwardBackward0",
    edge=1,
    example="torch.ops.aten.nll_loss2d_backward(leaf(2, 4, 5), leaf(2, 3, 4, 5), integers(3, 2, 4, 5), None, 0, -100, torch.tensor(40.0))",
)
def nll_loss_backward_self(grad):
    return torch.zeros_like(grad)

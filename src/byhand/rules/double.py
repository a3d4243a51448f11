"""Derivatives of derivatives, as `create_graph=True` needs them: of softmax, sigmoid, tanh and the activations."""

import math

import torch

from byhand.rules.helpers import conj
from byhand.rules.table import rule, shared


@rule("TanhBackwardBackward0", edge=0, example="torch.ops.aten.tanh_backward(x, y)")
def tanh_backward_grad_output(grad, output):
    return grad * (1 - output**2)


@rule("TanhBackwardBackward0", edge=1, example="torch.ops.aten.tanh_backward(x, y)")
def tanh_backward_output(grad, grad_output, output):
    return conj(grad) * grad_output * conj(-2 * output)


@rule("SigmoidBackwardBackward0", edge=0, example="torch.ops.aten.sigmoid_backward(x, y)")
def sigmoid_backward_grad_output(grad, output):
    return grad * output * (1 - output)


@rule("SigmoidBackwardBackward0", edge=1, example="torch.ops.aten.sigmoid_backward(x, y)")
def sigmoid_backward_output(grad, grad_output, output):
    return conj(grad) * grad_output * conj(1 - 2 * output)


@rule("SoftmaxBackwardDataBackward0", edge=0, example="torch.ops.aten._softmax_backward_data(x, y, -1, x.dtype)")
def softmax_backward_data_grad_output(grad, output, dim):
    return output * (grad - torch.sum(grad * output, dim, keepdim=True))


@rule("SoftmaxBackwardDataBackward0", edge=1, example="torch.ops.aten._softmax_backward_data(x, y, -1, x.dtype)")
def softmax_backward_data_output(grad, grad_output, output, dim):
    average = torch.sum(grad_output * output, dim, keepdim=True)
    return grad * (grad_output - average) - grad_output * torch.sum(grad * output, dim, keepdim=True)


@rule("LogSoftmaxBackwardDataBackward0", edge=0, example="torch.ops.aten._log_softmax_backward_data(x, y, -1, x.dtype)")
def log_softmax_backward_data_grad_output(grad, output, dim):
    return grad - torch.sum(grad * torch.exp(output), dim, keepdim=True)


@rule("LogSoftmaxBackwardDataBackward0", edge=1, example="torch.ops.aten._log_softmax_backward_data(x, y, -1, x.dtype)")
def log_softmax_backward_data_output(grad, grad_output, output, dim):
    return -grad * torch.exp(output) * torch.sum(grad_output, dim, keepdim=True)


@rule("ThresholdBackwardBackward0", edge=0, example="torch.ops.aten.threshold_backward(x, y, 0.3)")
def threshold_backward_grad_output(grad, self, threshold):
    return torch.where(self <= threshold, 0, grad)


@rule("LeakyReluBackwardBackward0", edge=0, example="torch.ops.aten.leaky_relu_backward(x, y, 0.1, False)")
def leaky_relu_backward_grad_output(grad, self, negative_slope):
    return torch.where(self > 0, grad, grad * negative_slope)


@rule(
    "RreluWithNoiseBackwardBackward0",
    edge=0,
    example="torch.ops.aten.rrelu_with_noise_backward(x, y, const(*x.shape), 0.1, 0.3, True, False)",
    when=lambda random_slopes: random_slopes,
)
def rrelu_with_noise_backward_grad_output(grad, noise):
    return grad * noise


@rule(
    "RreluWithNoiseBackwardBackward0",
    edge=0,
    example="torch.ops.aten.rrelu_with_noise_backward(x, y, const(*x.shape), 0.1, 0.3, False, False)",
)
def rrelu_with_noise_backward_grad_output__even(grad, self, lower, upper):
    return torch.where(self > 0, grad, grad * (lower + upper) / 2)


@rule("HardtanhBackwardBackward0", edge=0, example="torch.ops.aten.hardtanh_backward(x, y, -1, 1)")
def hardtanh_backward_grad_output(grad, self, min_val, max_val):
    return torch.where((self > min_val) & (self < max_val), grad, 0)


@rule("SoftshrinkBackwardBackward0", edge=0, example="torch.ops.aten.softshrink_backward(x, y, 0.5)")
def softshrink_backward_grad_output(grad, self, lambd):
    return torch.where((self >= -lambd) & (self <= lambd), 0, grad)


@rule("HardshrinkBackwardBackward0", edge=0, example="torch.ops.aten.hardshrink_backward(x, y, 0.5)")
def hardshrink_backward_grad_out(grad, self, lambd):
    return torch.where((self >= -lambd) & (self <= lambd), 0, grad)


@rule("ThresholdBackwardBackward0", edge=1, example="torch.ops.aten.threshold_backward(x, y, 0.3)")
@rule("LeakyReluBackwardBackward0", edge=1, example="torch.ops.aten.leaky_relu_backward(x, y, 0.1, False)")
@rule(
    "RreluWithNoiseBackwardBackward0",
    edge=1,
    example="torch.ops.aten.rrelu_with_noise_backward(x, y, const(*x.shape), 0.1, 0.3, True, False)",
)
@rule("HardtanhBackwardBackward0", edge=1, example="torch.ops.aten.hardtanh_backward(x, y, -1, 1)")
@rule("SoftshrinkBackwardBackward0", edge=1, example="torch.ops.aten.softshrink_backward(x, y, 0.5)")
@rule("HardshrinkBackwardBackward0", edge=1, example="torch.ops.aten.hardshrink_backward(x, y, 0.5)")
def straight_backward_self(grad):
    return torch.zeros_like(grad)


@rule("HardswishBackwardBackward0", edge=0, example="torch.ops.aten.hardswish_backward(x, 3 * y)")
def hardswish_backward_grad_output(grad, self):
    return grad * torch.where(self <= -3, 0, torch.where(self < 3, self / 3 + 0.5, 1))


@rule("HardswishBackwardBackward0", edge=1, example="torch.ops.aten.hardswish_backward(x, 3 * y)")
def hardswish_backward_self(grad, grad_output, self):
    return torch.where((self > -3) & (self < 3), grad * grad_output / 3, 0)


@rule("LogSigmoidBackwardBackward0", edge=0, example="torch.ops.aten.log_sigmoid_backward(x, y, torch.exp(-torch.abs(y)).detach())")
def log_sigmoid_backward_grad_output(grad, self):
    return grad * torch.sigmoid(-self)


@rule("LogSigmoidBackwardBackward0", edge=1, example="torch.ops.aten.log_sigmoid_backward(x, y, torch.exp(-torch.abs(y)).detach())")
def log_sigmoid_backward_self(grad, grad_output, self):
    return -grad * grad_output * torch.sigmoid(self) * torch.sigmoid(-self)


@rule("SoftplusBackwardBackward0", edge=0, example="torch.ops.aten.softplus_backward(x, y, 2, 1)")
def softplus_backward_grad_output(grad, self, beta, threshold):
    return torch.where(beta * self > threshold, grad, grad * torch.sigmoid(beta * self))


@rule("SoftplusBackwardBackward0", edge=1, example="torch.ops.aten.softplus_backward(x, y, 2, 1)")
def softplus_backward_self(grad, grad_output, self, beta, threshold):
    bend = beta * torch.sigmoid(beta * self) * torch.sigmoid(-beta * self)
    return grad * grad_output * bend * (beta * self < threshold)


@rule("GeluBackwardBackward0", edge=0, example="torch.ops.aten.gelu_backward(x, y)", when=lambda approximate: approximate == "none")
def gelu_backward_grad_output(grad, self):
    below = (1 + torch.erf(self / math.sqrt(2))) / 2
    density = torch.exp(-(self**2) / 2) / math.sqrt(2 * math.pi)
    return grad * (below + self * density)


@rule("GeluBackwardBackward0", edge=1, example="torch.ops.aten.gelu_backward(x, y)", when=lambda approximate: approximate == "none")
def gelu_backward_self(grad, grad_output, self):
    density = torch.exp(-(self**2) / 2) / math.sqrt(2 * math.pi)
    return grad * grad_output * density * (2 - self**2)


@rule("GeluBackwardBackward0", edge=0, example="torch.ops.aten.gelu_backward(x, y, approximate='tanh')")
def gelu_backward_grad_output__tanh(grad, self):
    bend = torch.tanh(math.sqrt(2 / math.pi) * (self + 0.044715 * self**3))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * self**2)
    return grad * (1 + bend + self * (1 - bend**2) * slope) / 2


@rule("GeluBackwardBackward0", edge=1, example="torch.ops.aten.gelu_backward(x, y, approximate='tanh')")
def gelu_backward_self__tanh(grad, grad_output, self):
    bend = torch.tanh(math.sqrt(2 / math.pi) * (self + 0.044715 * self**3))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * self**2)
    curvature = math.sqrt(2 / math.pi) * 3 * 0.044715 * self
    return grad * grad_output * (1 - bend**2) * (slope - self * bend * slope**2 + self * curvature)


@rule(
    "EluBackwardBackward0", edge=0, example="torch.ops.aten.elu_backward(x, 0.7, 1.1, 1.2, False, y)", when=lambda is_result: not is_result
)
def elu_backward_grad_output(grad, self_or_result, alpha, scale, input_scale):
    return grad * torch.where(self_or_result > 0, scale, scale * alpha * input_scale * torch.exp(input_scale * self_or_result))


@rule("EluBackwardBackward0", edge=0, example="torch.ops.aten.elu_backward(x, 0.7, 1.1, 1.2, True, y)")
def elu_backward_grad_output__result(grad, self_or_result, alpha, scale, input_scale):
    return grad * torch.where(self_or_result > 0, scale, input_scale * (self_or_result + scale * alpha))


@rule(
    "EluBackwardBackward0", edge=1, example="torch.ops.aten.elu_backward(x, 0.7, 1.1, 1.2, False, y)", when=lambda is_result: not is_result
)
def elu_backward_self_or_result(grad, grad_output, self_or_result, alpha, scale, input_scale):
    bend = scale * alpha * input_scale**2 * torch.exp(input_scale * self_or_result)
    return grad * grad_output * torch.where(self_or_result < 0, bend, 0)


@rule("EluBackwardBackward0", edge=1, example="torch.ops.aten.elu_backward(x, 0.7, 1.1, 1.2, True, y)")
def elu_backward_self_or_result__result(grad, grad_output, self_or_result, input_scale):
    return torch.where(self_or_result < 0, grad * grad_output * input_scale, 0)


@rule("PreluKernelBackwardBackward0", edge=0, example="torch.ops.aten._prelu_kernel_backward(x, y, z)")
def prelu_kernel_backward_grad_output(grads, self, weight):
    return torch.where(self >= 0, grads[0], grads[0] * weight + grads[1] * self)


@rule("PreluKernelBackwardBackward0", edge=1, example="torch.ops.aten._prelu_kernel_backward(x, y, z)")
def prelu_kernel_backward_self(grads, grad_output, self):
    return torch.where(self >= 0, 0, grad_output * grads[1])


@rule("PreluKernelBackwardBackward0", edge=2, example="torch.ops.aten._prelu_kernel_backward(x, y, z)")
def prelu_kernel_backward_weight(grads, grad_output, self):
    return torch.where(self >= 0, 0, grad_output * grads[0])


@shared("GluBackwardBackward0")
def value(self, dim):
    return torch.chunk(self, 2, dim)[0]


@shared("GluBackwardBackward0")
def gate(self, dim):
    return torch.sigmoid(torch.chunk(self, 2, dim)[1])


@rule("GluBackwardBackward0", edge=0, example="torch.ops.aten.glu_backward(leaf(3, 2), leaf(3, 4), -1)")
def glu_backward_grad_output(grad, value, gate, dim):
    parts = torch.chunk(grad, 2, dim)
    return parts[0] * gate + parts[1] * value * gate * (1 - gate)


@rule("GluBackwardBackward0", edge=1, example="torch.ops.aten.glu_backward(leaf(3, 2), leaf(3, 4), -1)")
def glu_backward_self(grad, grad_output, value, gate, dim):
    parts = torch.chunk(grad, 2, dim)
    slope = grad_output * gate * (1 - gate)
    return torch.cat((parts[1] * slope, (parts[0] + parts[1] * value * (1 - 2 * gate)) * slope), dim)

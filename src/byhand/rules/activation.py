"""Derivatives of the activation functions of neural networks."""

import math

import torch
import torch.nn.functional as F

from byhand.rules.helpers import conj
from byhand.rules.table import forward, rule, shared


@rule("ReluBackward0", edge=0, example="torch.relu(x)")
def relu_self(grad, result):
    return torch.where(result <= 0, 0, grad)


@rule("LeakyReluBackward0", edge=0, example="F.leaky_relu(x, 0.1)")
def leaky_relu_self(grad, self, negative_slope):
    return torch.where(self > 0, grad, grad * negative_slope)


@rule("LeakyReluBackward1", edge=0, example="F.leaky_relu_(x.clone(), 0.1)")
def leaky_relu_self__in_place(grad, result, negative_slope):
    return torch.where(result > 0, grad, grad * negative_slope)


@rule("PreluKernelBackward0", edge=0, example="torch.ops.aten._prelu_kernel(x, y)")
def prelu_kernel_self(grad, self, weight):
    return torch.where(self > 0, grad, grad * weight)


@rule("PreluKernelBackward0", edge=1, example="torch.ops.aten._prelu_kernel(x, y)")
def prelu_kernel_weight(grad, self):
    return torch.where(self > 0, 0, grad * self)


@shared("RreluWithNoiseBackward0", "RreluWithNoiseBackward1", "RreluWithNoiseFunctionalBackward0", "RreluWithNoiseBackwardBackward0")
def random_slopes(lower, upper, training):
    return training & (upper - lower > 1e-6)


@rule("RreluWithNoiseBackward0", edge=0, example="F.rrelu(x, training=True)", when=lambda random_slopes: random_slopes)
@rule("RreluWithNoiseBackward1", edge=0, example="F.rrelu_(x.clone(), training=True)", when=lambda random_slopes: random_slopes)
def rrelu_with_noise_self(grad, noise):
    return grad * noise


@rule("RreluWithNoiseBackward0", edge=0, example="F.rrelu(x, training=False)")
@rule(
    "RreluWithNoiseFunctionalBackward0",
    edge=0,
    example="torch.ops.aten.rrelu_with_noise_functional(x, torch.zeros(x.shape))",
    when=lambda random_slopes: not random_slopes,  # the noise that was drawn is not saved
)
def rrelu_with_noise_self__even(grad, self, lower, upper):
    return torch.where(self > 0, grad, grad * (lower + upper) / 2)


@rule("RreluWithNoiseBackward1", edge=0, example="F.rrelu_(x.clone(), training=False)")
def rrelu_with_noise_self__in_place(grad, result, lower, upper):
    return torch.where(result > 0, grad, grad * (lower + upper) / 2)


@rule("SigmoidBackward0", edge=0, example="torch.sigmoid(x)")
def sigmoid_self(grad, result):
    return grad * conj(result * (1 - result))


@rule("LogSigmoidBackward0", edge=0, example="F.logsigmoid(x)")
def log_sigmoid_forward_self(grad, self):
    return grad * torch.sigmoid(-self)


@rule("SoftplusBackward0", edge=0, example="F.softplus(x, beta=2, threshold=1)")
def softplus_self(grad, self, beta, threshold):
    return torch.where(beta * self > threshold, grad, grad * torch.sigmoid(beta * self))


@rule("SiluBackward0", edge=0, example="F.silu(x)")
def silu_self(grad, self):
    gate = torch.sigmoid(self)
    return grad * conj(gate * (1 + self * (1 - gate)))


@rule("MishBackward0", edge=0, example="F.mish(x)")
def mish_self(grad, self):
    gate = torch.tanh(F.softplus(self))
    return grad * (gate + self * torch.sigmoid(self) * (1 - gate**2))


@rule("GeluBackward0", edge=0, example="F.gelu(x)", when=lambda approximate: approximate == "none")
def gelu_self(grad, self):
    below = (1 + torch.erf(self / math.sqrt(2))) / 2
    density = torch.exp(-(self**2) / 2) / math.sqrt(2 * math.pi)
    return grad * (below + self * density)


@rule("GeluBackward0", edge=0, example="F.gelu(x, approximate='tanh')")
def gelu_self__tanh(grad, self):
    bend = torch.tanh(math.sqrt(2 / math.pi) * (self + 0.044715 * self**3))
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * self**2) * (1 - bend**2)
    return grad * (1 + bend + self * slope) / 2


@rule("EluBackward0", edge=0, example="F.elu(x, 0.7)")
def elu_self(grad, self, alpha, scale, input_scale):
    return grad * torch.where(self > 0, scale, scale * alpha * input_scale * torch.exp(input_scale * self))


@rule("EluBackward1", edge=0, example="F.elu_(x.clone(), 0.7)")
def elu_self__in_place(grad, result, alpha, scale, input_scale):
    return grad * torch.where(result > 0, scale, input_scale * (result + scale * alpha))


@rule("CeluBackward0", edge=0, example="F.celu(x, 0.5)")
def celu_self(grad, self, alpha):
    return grad * torch.where(self > 0, 1, torch.exp(self / alpha))


@rule("CeluBackward1", edge=0, example="torch.celu_(x.clone(), 0.5)")
def celu_self__in_place(grad, result, alpha):
    return grad * torch.where(result > 0, 1, result / alpha + 1)


@rule("HardtanhBackward0", edge=0, example="F.hardtanh(x)")
def hardtanh_self(grad, self, min_val, max_val):
    return torch.where((self > min_val) & (self < max_val), grad, 0)


@rule("HardsigmoidBackward0", edge=0, example="F.hardsigmoid(3 * x)")
def hardsigmoid_self(grad, self):
    return torch.where((self > -3) & (self < 3), grad / 6, 0)


@rule("HardswishBackward0", edge=0, example="F.hardswish(3 * x)")
def hardswish_self(grad, self):
    return grad * torch.where(self <= -3, 0, torch.where(self < 3, self / 3 + 0.5, 1))


@rule("HardshrinkBackward0", edge=0, example="F.hardshrink(x)")
@rule("SoftshrinkBackward0", edge=0, example="F.softshrink(x)")
def hardshrink_self(grad, self, lambd):
    return torch.where((self >= -lambd) & (self <= lambd), 0, grad)


@rule("ThresholdBackward0", edge=0, example="F.threshold(x, 0.3, 2.0)")
@rule("ThresholdBackward1", edge=0, example="F.threshold_(x.clone(), 0.3, 2.0)")
def threshold_self(grad, self, threshold):
    return torch.where(self <= threshold, 0, grad)


@shared("GluBackward0")
def halves(self, dim):
    return torch.chunk(self, 2, dim)


@rule("GluBackward0", edge=0, example="F.glu(leaf(3, 4), -1)")
def glu_self(grad, halves, dim):
    gate = torch.sigmoid(halves[1])
    to_value = grad * gate
    to_gate = grad * halves[0] * gate * (1 - gate)
    return torch.cat((to_value, to_gate), dim)


@forward("ReluBackward0")
def relu(self):
    return torch.relu(self)


@forward("LeakyReluBackward0", "LeakyReluBackward1")
def leaky_relu(self, negative_slope):
    return torch.where(self > 0, self, negative_slope * self)


@forward("PreluKernelBackward0")
def prelu_kernel(self, weight):
    return torch.where(self > 0, self, weight * self)


@forward("SigmoidBackward0")
def sigmoid(self):
    return torch.sigmoid(self)


@forward("LogSigmoidBackward0")
def log_sigmoid(self):
    return F.logsigmoid(self)


@forward("SoftplusBackward0")
def softplus(self, beta, threshold):
    return torch.where(beta * self > threshold, self, torch.log1p(torch.exp(beta * self)) / beta)


@forward("SiluBackward0")
def silu(self):
    return self * torch.sigmoid(self)


@forward("MishBackward0")
def mish(self):
    return self * torch.tanh(F.softplus(self))


@forward("GeluBackward0")
def gelu(self, approximate):
    return F.gelu(self, approximate=approximate)


@forward("EluBackward0", "EluBackward1")
def elu(self, alpha, scale, input_scale):
    return torch.where(self > 0, scale * self, scale * alpha * (torch.exp(input_scale * self) - 1))


@forward("CeluBackward0", "CeluBackward1")
def celu(self, alpha):
    return torch.where(self > 0, self, alpha * (torch.exp(self / alpha) - 1))


@forward("HardtanhBackward0")
def hardtanh(self, min_val, max_val):
    return torch.clamp(self, min_val, max_val)


@forward("HardsigmoidBackward0")
def hardsigmoid(self):
    return torch.clamp(self + 3, 0, 6) / 6


@forward("HardswishBackward0")
def hardswish(self):
    return self * torch.clamp(self + 3, 0, 6) / 6


@forward("HardshrinkBackward0")
def hardshrink(self, lambd):
    return torch.where((self >= -lambd) & (self <= lambd), 0, self)


@forward("SoftshrinkBackward0")
def softshrink(self, lambd):
    return torch.sign(self) * torch.clamp(torch.abs(self) - lambd, min=0)


@forward("GluBackward0")
def glu(self, dim):
    return F.glu(self, dim)

"""Derivatives of exponentials, logarithms, trigonometric and hyperbolic functions."""

import math

import torch

from byhand.rules.helpers import conj
from byhand.rules.table import forward, rule


@rule("ExpBackward0", edge=0, example="torch.exp(x)")
def exp_self(grad, result):
    return grad * conj(result)


@rule("Exp2Backward0", edge=0, example="torch.exp2(x)")
def exp2_self(grad, result):
    return grad * conj(result) * math.log(2)


@rule("Expm1Backward0", edge=0, example="torch.expm1(x)")
def expm1_self(grad, result):
    return grad * conj(result + 1)


@rule("LogBackward0", edge=0, example="torch.log(positive(*x.shape))")
def log_self(grad, self):
    return grad / conj(self)


@rule("Log1PBackward0", edge=0, example="torch.log1p(positive(*x.shape))")
def log1p_self(grad, self):
    return grad / conj(1 + self)


@rule("Log2Backward0", edge=0, example="torch.log2(positive(*x.shape))")
def log2_self(grad, self):
    return grad / (conj(self) * math.log(2))


@rule("Log10Backward0", edge=0, example="torch.log10(positive(*x.shape))")
def log10_self(grad, self):
    return grad / (conj(self) * math.log(10))


@rule("SinBackward0", edge=0, example="torch.sin(x)")
def sin_self(grad, self):
    return grad * conj(torch.cos(self))


@rule("CosBackward0", edge=0, example="torch.cos(x)")
def cos_self(grad, self):
    return grad * conj(-torch.sin(self))


@rule("TanBackward0", edge=0, example="torch.tan(x)")
def tan_self(grad, result):
    return grad * conj(1 + result**2)


@rule("AsinBackward0", edge=0, example="torch.asin(torch.tanh(x))")
def asin_self(grad, self):
    return grad / conj(torch.sqrt(1 - self**2))


@rule("AcosBackward0", edge=0, example="torch.acos(torch.tanh(x))")
def acos_self(grad, self):
    return -grad / conj(torch.sqrt(1 - self**2))


@rule("AtanBackward0", edge=0, example="torch.atan(x)")
def atan_self(grad, self):
    return grad / conj(1 + self**2)


@rule("Atan2Backward0", edge=0, example="torch.atan2(x, y)")
def atan2_self(grad, self, other):
    squared = self**2 + other**2
    return grad * torch.where(squared == 0, 0, other / squared)


@rule("Atan2Backward0", edge=1, example="torch.atan2(x, y)")
def atan2_other(grad, self, other):
    squared = self**2 + other**2
    return -grad * torch.where(squared == 0, 0, self / squared)


@rule("SinhBackward0", edge=0, example="torch.sinh(x)")
def sinh_self(grad, self):
    return grad * conj(torch.cosh(self))


@rule("CoshBackward0", edge=0, example="torch.cosh(x)")
def cosh_self(grad, self):
    return grad * conj(torch.sinh(self))


@rule("TanhBackward0", edge=0, example="torch.tanh(x)")
def tanh_self(grad, result):
    return grad * conj(1 - result**2)


@rule("AsinhBackward0", edge=0, example="torch.asinh(x)")
def asinh_self(grad, self):
    return grad / conj(torch.sqrt(self**2 + 1))


@rule("AcoshBackward0", edge=0, example="torch.acosh(1 + positive(*x.shape))", when=lambda self: not self.is_complex())
def acosh_self(grad, self):
    return grad / torch.sqrt(self**2 - 1)


@rule("AcoshBackward0", edge=0, example="torch.acosh(torch.complex(x, y))")
def acosh_self__complex(grad, self):
    return grad / conj(torch.sqrt(self + 1) * torch.sqrt(self - 1))


@rule("AtanhBackward0", edge=0, example="torch.atanh(torch.tanh(x))")
def atanh_self(grad, self):
    return grad / conj(1 - self**2)


@rule("SincBackward0", edge=0, example="torch.sinc(x)")
def sinc_self(grad, self):
    angle = math.pi * self
    slope = (torch.cos(angle) - torch.sin(angle) / angle) / self
    return grad * conj(torch.where(self == 0, 0, slope))


@rule("LogaddexpBackward0", edge=0, example="torch.logaddexp(x, y)")
def logaddexp_self(grad, self, other):
    return grad / conj(1 + torch.exp(other - self))


@rule("LogaddexpBackward0", edge=1, example="torch.logaddexp(x, y)")
def logaddexp_other(grad, self, other):
    return grad / conj(1 + torch.exp(self - other))


@rule("Logaddexp2Backward0", edge=0, example="torch.logaddexp2(x, y)")
def logaddexp2_self(grad, self, other):
    return grad / (1 + 2 ** (other - self))


@rule("Logaddexp2Backward0", edge=1, example="torch.logaddexp2(x, y)")
def logaddexp2_other(grad, self, other):
    return grad / (1 + 2 ** (self - other))


@forward("ExpBackward0")
def exp(self):
    return torch.exp(self)


@forward("Exp2Backward0")
def exp2(self):
    return 2**self


@forward("Expm1Backward0")
def expm1(self):
    return torch.expm1(self)


@forward("LogBackward0")
def log(self):
    return torch.log(self)


@forward("Log1PBackward0")
def log1p(self):
    return torch.log1p(self)


@forward("Log2Backward0")
def log2(self):
    return torch.log2(self)


@forward("Log10Backward0")
def log10(self):
    return torch.log10(self)


@forward("SinBackward0")
def sin(self):
    return torch.sin(self)


@forward("CosBackward0")
def cos(self):
    return torch.cos(self)


@forward("TanBackward0")
def tan(self):
    return torch.tan(self)


@forward("AsinBackward0")
def asin(self):
    return torch.asin(self)


@forward("AcosBackward0")
def acos(self):
    return torch.acos(self)


@forward("AtanBackward0")
def atan(self):
    return torch.atan(self)


@forward("Atan2Backward0")
def atan2(self, other):
    return torch.atan2(self, other)


@forward("SinhBackward0")
def sinh(self):
    return torch.sinh(self)


@forward("CoshBackward0")
def cosh(self):
    return torch.cosh(self)


@forward("TanhBackward0")
def tanh(self):
    return torch.tanh(self)


@forward("AsinhBackward0")
def asinh(self):
    return torch.asinh(self)


@forward("AcoshBackward0")
def acosh(self):
    return torch.acosh(self)


@forward("AtanhBackward0")
def atanh(self):
    return torch.atanh(self)


@forward("SincBackward0")
def sinc(self):
    return torch.sinc(self)


@forward("LogaddexpBackward0")
def logaddexp(self, other):
    return torch.logaddexp(self, other)


@forward("Logaddexp2Backward0")
def logaddexp2(self, other):
    return torch.logaddexp2(self, other)

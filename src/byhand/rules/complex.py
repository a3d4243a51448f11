"""Derivatives of the operations on complex numbers; PyTorch's gradient is the one that steepest descent needs, the conjugate."""

import torch

from byhand.rules.helpers import conj
from byhand.rules.table import forward, rule


@rule("ConjBackward0", edge=0, example="torch.conj(torch.complex(x, y))")
@rule("ConjPhysicalBackward0", edge=0, example="torch.conj_physical(torch.complex(x, y))")
@rule("ConjPhysicalBackward1", edge=0, example="torch.conj_physical_(torch.complex(x, y))")
def conj_self(grad):
    return conj(grad)


@rule("ComplexBackward0", edge=0, example="torch.complex(x, y)")
def complex_real(grad):
    return grad.real


@rule("ComplexBackward0", edge=1, example="torch.complex(x, y)")
def complex_imag(grad):
    return grad.imag


@rule("PolarBackward0", edge=0, example="torch.polar(positive(*x.shape), y)")
def polar_abs(grad, result):
    return (conj(grad) * torch.sgn(result)).real


@rule("PolarBackward0", edge=1, example="torch.polar(positive(*x.shape), y)")
def polar_angle(grad, result):
    return (conj(grad) * result * 1j).real


@rule("AngleBackward0", edge=0, example="torch.angle(x)", when=lambda self: not self.is_complex())
def angle_self__real(grad):
    return torch.zeros_like(grad)


@rule("AngleBackward0", edge=0, example="torch.angle(torch.complex(x, y))")
def angle_self(grad, self):
    return torch.where(self == 0, 0, grad * 1j / conj(self))


@rule("SgnBackward0", edge=0, example="torch.sgn(x)", when=lambda self: not self.is_complex())
def sgn_self__real(grad):
    return torch.zeros_like(grad)


@rule("SgnBackward0", edge=0, example="torch.sgn(torch.complex(x, y))")
def sgn_self(grad, self, result):
    along = (grad * conj(result)).real
    return torch.where(self == 0, 0, (grad - along * result) / torch.abs(self))


@forward("ConjBackward0", "ConjPhysicalBackward0", "ConjPhysicalBackward1")
def conjugate(self):
    return conj(self)


@forward("ComplexBackward0")
def complex(real, imag):
    return torch.complex(real, imag)


@forward("PolarBackward0")
def polar(abs, angle):
    return torch.polar(abs, angle)


@forward("AngleBackward0")
def angle(self):
    return torch.angle(self)


@forward("SgnBackward0")
def sgn(self):
    return torch.sgn(self)

"""Derivatives of what is constant between its steps: rounding, remainders, signs, values filled in or drawn at random."""

import math

import torch

from byhand.rules.helpers import conj
from byhand.rules.table import forward, rule


@rule("SignBackward0", edge=0, example="torch.sign(x)")
@rule("FloorBackward0", edge=0, example="torch.floor(x)")
@rule("CeilBackward0", edge=0, example="torch.ceil(x)")
@rule("RoundBackward0", edge=0, example="torch.round(x)")
@rule("RoundBackward1", edge=0, example="torch.round(x, decimals=1)")
@rule("TruncBackward0", edge=0, example="torch.trunc(x)")
@rule("FillBackward0", edge=0, example="torch.fill(x, 2.0)")
@rule("FillBackward1", edge=0, example="torch.fill(x, leaf())")
@rule("FillBackward2", edge=0, example="x.clone().fill_(2.0)")
@rule("FillBackward3", edge=0, example="x.clone().fill_(leaf())")
@rule("ZeroBackward0", edge=0, example="x.clone().zero_()")
@rule("PoissonBackward0", edge=0, example="torch.poisson(torch.exp(x))")
@rule("BernoulliBackward0", edge=0, example="torch.bernoulli(torch.sigmoid(x))")
@rule("BernoulliBackward1", edge=0, example="x.clone().bernoulli_(torch.sigmoid(y))")
@rule("BernoulliBackward2", edge=0, example="x.clone().bernoulli_(0.3)")
@rule("NormalBackward0", edge=0, example="x.clone().normal_()")
@rule("LogNormalBackward0", edge=0, example="x.clone().log_normal_()")
@rule("UniformBackward0", edge=0, example="x.clone().uniform_()")
@rule("CauchyBackward0", edge=0, example="x.clone().cauchy_()")
@rule("ExponentialBackward0", edge=0, example="x.clone().exponential_()")
@rule("GeometricBackward0", edge=0, example="x.clone().geometric_(0.3)")
@rule("RandomBackward0", edge=0, example="x.clone().random_(2, 9)")
@rule("RandomBackward1", edge=0, example="x.clone().random_(9)")
@rule("RandomBackward2", edge=0, example="x.clone().random_()")
@rule("EqBackward0", edge=0, example="x.clone().eq_(0.3)")
@rule("EqBackward1", edge=0, example="x.clone().eq_(y)")
@rule("NeBackward0", edge=0, example="x.clone().ne_(0.3)")
@rule("NeBackward1", edge=0, example="x.clone().ne_(y)")
@rule("GeBackward0", edge=0, example="x.clone().ge_(0.3)")
@rule("GeBackward1", edge=0, example="x.clone().ge_(y)")
@rule("GtBackward0", edge=0, example="x.clone().gt_(0.3)")
@rule("GtBackward1", edge=0, example="x.clone().gt_(y)")
@rule("LeBackward0", edge=0, example="x.clone().le_(0.3)")
@rule("LeBackward1", edge=0, example="x.clone().le_(y)")
@rule("LtBackward0", edge=0, example="x.clone().lt_(0.3)")
@rule("LtBackward1", edge=0, example="x.clone().lt_(y)")
def constant_self(grad):
    return torch.zeros_like(grad)


@rule("BernoulliBackward1", edge=1, example="x.clone().bernoulli_(torch.sigmoid(y))")
def bernoulli_p(grad):
    return torch.zeros_like(grad)


@rule("EqBackward1", edge=1, example="x.clone().eq_(y)")
@rule("NeBackward1", edge=1, example="x.clone().ne_(y)")
@rule("GeBackward1", edge=1, example="x.clone().ge_(y)")
@rule("GtBackward1", edge=1, example="x.clone().gt_(y)")
@rule("LeBackward1", edge=1, example="x.clone().le_(y)")
@rule("LtBackward1", edge=1, example="x.clone().lt_(y)")
def comparison_other(grad):
    return torch.zeros_like(grad)


@rule("FillBackward1", edge=1, example="torch.fill(x, leaf())")
@rule("FillBackward3", edge=1, example="x.clone().fill_(leaf())")
def fill_value(grad):
    return torch.sum(grad)


@rule("NormalBackward1", edge=0, example="torch.normal(x, 0.3)")
@rule("NormalBackward3", edge=0, example="torch.normal(x, torch.exp(y))")
def normal_mean(grad):
    return torch.zeros_like(grad)


@rule("NormalBackward2", edge=0, example="torch.normal(0.3, torch.exp(x))")
@rule("NormalBackward3", edge=1, example="torch.normal(x, torch.exp(y))")
def normal_std(grad):
    return torch.zeros_like(grad)


@rule("FracBackward0", edge=0, example="torch.frac(x)")
@rule("FmodBackward0", edge=0, example="torch.fmod(x, 0.7)")
@rule("FmodBackward1", edge=0, example="torch.fmod(x, y)")
@rule("RemainderBackward0", edge=0, example="torch.remainder(x, 0.7)")
@rule("RemainderBackward1", edge=0, example="torch.remainder(x, y)")
def remainder_self(grad):
    return grad


@rule("FmodBackward1", edge=1, example="torch.fmod(x, y)")
def fmod_other(grad, self, other):
    return -grad * torch.div(self, other, rounding_mode="trunc")


@rule("RemainderBackward1", edge=1, example="torch.remainder(x, y)")
def remainder_other(grad, self, other):
    return -grad * torch.div(self, other, rounding_mode="floor")


@rule("FrexpBackward0", edge=0, example="torch.frexp(x)[0]")
def frexp_self(grad, exponent):
    return grad / torch.exp2(exponent)


@rule("LdexpBackward0", edge=0, example="torch.ldexp(x, y)")
def ldexp_self(grad, other):
    return grad * conj(2**other)


@rule("LdexpBackward0", edge=1, example="torch.ldexp(x, y)")
def ldexp_other(grad, result):
    return grad * conj(result) * math.log(2)


@rule("CopysignBackward0", edge=0, example="torch.copysign(x, y)")
@rule("CopysignBackward1", edge=0, example="torch.copysign(x, -2.0)")
def copysign_self(grad, self, result):
    return grad * torch.where(self == 0, 0, result / self)


@rule("CopysignBackward0", edge=1, example="torch.copysign(x, y)")
def copysign_other(grad):
    return torch.zeros_like(grad)


@rule("CopyBackwards", edge=0, example="x.clone().copy_(y)")
def copy_self(grad):
    return torch.zeros_like(grad)


@rule("CopyBackwards", edge=1, example="x.clone().copy_(y)")
def copy_src(grad):
    return grad


@forward("SignBackward0")
def sign(self):
    return torch.sign(self)


@forward("FloorBackward0")
def floor(self):
    return torch.floor(self)


@forward("CeilBackward0")
def ceil(self):
    return torch.ceil(self)


@forward("RoundBackward0")
def round(self):
    return torch.round(self)


@forward("RoundBackward1")
def round__decimals(self, decimals):
    return torch.round(self, decimals=decimals)


@forward("TruncBackward0")
def trunc(self):
    return torch.trunc(self)


@forward("FillBackward0", "FillBackward1", "FillBackward2", "FillBackward3")
def fill(self, value):
    return torch.fill(self, value)


@forward("ZeroBackward0")
def zero(self):
    return torch.zeros_like(self)


@forward("FracBackward0")
def frac(self):
    return torch.frac(self)


@forward("FmodBackward0", "FmodBackward1")
def fmod(self, other):
    return torch.fmod(self, other)


@forward("RemainderBackward0", "RemainderBackward1")
def remainder(self, other):
    return torch.remainder(self, other)


@forward("CopysignBackward0", "CopysignBackward1")
def copysign(self, other):
    return torch.copysign(self, other)


@forward("CopyBackwards")
def copy(src):
    return src

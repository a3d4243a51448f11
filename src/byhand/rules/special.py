"""Derivatives of the special functions: error function, gamma and Bessel functions, entropies."""

import math

import torch

from byhand.rules.table import forward, rule


@rule("Deg2RadBackward0", edge=0, example="torch.deg2rad(x)")
def deg2rad_self(grad):
    return grad * math.pi / 180


@rule("Rad2DegBackward0", edge=0, example="torch.rad2deg(x)")
def rad2deg_self(grad):
    return grad * 180 / math.pi


@rule("HypotBackward0", edge=0, example="torch.hypot(x, y)")
def hypot_self(grad, self, result):
    return grad * self / result


@rule("HypotBackward0", edge=1, example="torch.hypot(x, y)")
def hypot_other(grad, other, result):
    return grad * other / result


@rule("ErfBackward0", edge=0, example="torch.erf(x)")
def erf_self(grad, self):
    return grad * 2 / math.sqrt(math.pi) * torch.exp(-(self**2))


@rule("ErfcBackward0", edge=0, example="torch.erfc(x)")
def erfc_self(grad, self):
    return -grad * 2 / math.sqrt(math.pi) * torch.exp(-(self**2))


@rule("ErfinvBackward0", edge=0, example="torch.erfinv(torch.tanh(x))")
def erfinv_self(grad, self):
    return grad * math.sqrt(math.pi) / 2 * torch.exp(torch.erfinv(self) ** 2)


@rule("SpecialErfcxBackward0", edge=0, example="torch.special.erfcx(x)")
def special_erfcx_self(grad, self, result):
    return grad * 2 * (self * result - 1 / math.sqrt(math.pi))


@rule("SpecialNdtriBackward0", edge=0, example="torch.special.ndtri(torch.sigmoid(x))")
def special_ndtri_self(grad, result):
    return grad * math.sqrt(2 * math.pi) * torch.exp(result**2 / 2)


@rule("SpecialLogNdtrBackward0", edge=0, example="torch.special.log_ndtr(x)")
def special_log_ndtr_self(grad, self, result):
    return grad * torch.exp(-(self**2) / 2 - result) / math.sqrt(2 * math.pi)


@rule("LgammaBackward0", edge=0, example="torch.lgamma(positive(*x.shape))")
def lgamma_self(grad, self):
    return grad * torch.digamma(self)


@rule("DigammaBackward0", edge=0, example="torch.digamma(positive(*x.shape))")
def digamma_self(grad, self):
    return grad * torch.polygamma(1, self)


@rule("PolygammaBackward0", edge=0, example="torch.polygamma(1, positive(*x.shape))")
@rule("PolygammaBackward1", edge=0, example="positive(*x.shape).clone().polygamma_(1)")
def polygamma_self(grad, self, n):
    return grad * torch.polygamma(n + 1, self)


@rule("MvlgammaBackward0", edge=0, example="torch.mvlgamma(2 + positive(*x.shape), 3)")
def mvlgamma_self(grad, self, p):
    steps = torch.arange(p, dtype=self.dtype, device=self.device) / 2
    return grad * torch.sum(torch.digamma(self.unsqueeze(-1) - steps), -1)


@rule("SpecialZetaBackward0", edge=1, example="torch.special.zeta(2 + const(*x.shape).abs(), positive(*x.shape))")
@rule("SpecialZetaBackward1", edge=0, example="torch.special.zeta(2.5, positive(*x.shape))")
def special_zeta_other(grad, self, other):
    return -grad * self * torch.special.zeta(self + 1, other)


@rule("IgammaBackward0", edge=1, example="torch.special.gammainc(1 + const(*x.shape).abs(), positive(*x.shape))")
def igamma_other(grad, self, other):
    return grad * torch.exp((self - 1) * torch.log(other) - other - torch.lgamma(self))


@rule("IgammacBackward0", edge=1, example="torch.special.gammaincc(1 + const(*x.shape).abs(), positive(*x.shape))")
def igammac_other(grad, self, other):
    return -grad * torch.exp((self - 1) * torch.log(other) - other - torch.lgamma(self))


@rule("I0Backward0", edge=0, example="torch.i0(x)")
def i0_self(grad, self):
    return grad * torch.special.i1(self)


@rule("SpecialI0EBackward0", edge=0, example="torch.special.i0e(x)")
def special_i0e_self(grad, self, result):
    return grad * (torch.special.i1e(self) - torch.sgn(self) * result)


@rule("SpecialI1Backward0", edge=0, example="torch.special.i1(x)")
def special_i1_self(grad, self, result):
    return grad * torch.where(self == 0, 0.5, torch.i0(self) - result / self)


@rule("SpecialI1EBackward0", edge=0, example="torch.special.i1e(x)")
def special_i1e_self(grad, self, result):
    return grad * torch.where(self == 0, 0.5, torch.special.i0e(self) - result * (torch.sgn(self) + 1 / self))


@rule("SpecialEntrBackward0", edge=0, example="torch.special.entr(positive(*x.shape))")
def special_entr_self(grad, self):
    return -grad * (1 + torch.log(self))


@rule("XlogyBackward0", edge=0, example="torch.xlogy(x, positive(*x.shape))")
@rule("XlogyBackward2", edge=0, example="torch.xlogy(x, 0.3)")
def xlogy_self(grad, self, other):
    return torch.where((self == 0) & (other <= 0), 0, torch.xlogy(grad, other))


@rule("XlogyBackward0", edge=1, example="torch.xlogy(x, positive(*x.shape))")
@rule("XlogyBackward1", edge=0, example="torch.xlogy(0.3, positive(*x.shape))")
def xlogy_other(grad, self, other):
    return grad * self / other


@rule("SpecialXlog1PyBackward0", edge=0, example="torch.special.xlog1py(x, positive(*x.shape))")
@rule("SpecialXlog1PyBackward2", edge=0, example="torch.special.xlog1py(x, 0.3)")
def special_xlog1py_self(grad, self, other):
    return torch.where((self == 0) & (other <= -1), 0, torch.special.xlog1py(grad, other))


@rule("SpecialXlog1PyBackward0", edge=1, example="torch.special.xlog1py(x, positive(*x.shape))")
@rule("SpecialXlog1PyBackward1", edge=0, example="torch.special.xlog1py(0.3, positive(*x.shape))")
def special_xlog1py_other(grad, self, other):
    return grad * self / (1 + other)


@rule("LogitBackward0", edge=0, example="torch.logit(torch.sigmoid(x))", when=lambda eps: eps is None)
def logit_self(grad, self):
    return torch.where((self < 0) | (self > 1), math.nan, grad / (self * (1 - self)))


@rule("LogitBackward0", edge=0, example="torch.logit(torch.sigmoid(x), 0.3)")
def logit_self__clamped(grad, self, eps):
    return torch.where((self < eps) | (self > 1 - eps), 0, grad / (self * (1 - self)))


@forward("Deg2RadBackward0")
def deg2rad(self):
    return self * math.pi / 180


@forward("Rad2DegBackward0")
def rad2deg(self):
    return self * 180 / math.pi


@forward("HypotBackward0")
def hypot(self, other):
    return torch.sqrt(self**2 + other**2)


@forward("ErfBackward0")
def erf(self):
    return torch.erf(self)


@forward("ErfcBackward0")
def erfc(self):
    return torch.erfc(self)


@forward("ErfinvBackward0")
def erfinv(self):
    return torch.erfinv(self)


@forward("LgammaBackward0")
def lgamma(self):
    return torch.lgamma(self)


@forward("DigammaBackward0")
def digamma(self):
    return torch.digamma(self)


@forward("PolygammaBackward0", "PolygammaBackward1")
def polygamma(self, n):
    return torch.polygamma(n, self)


@forward("XlogyBackward0", "XlogyBackward1", "XlogyBackward2")
def xlogy(self, other):
    return torch.xlogy(self, other)


@forward("SpecialXlog1PyBackward0", "SpecialXlog1PyBackward1", "SpecialXlog1PyBackward2")
def special_xlog1py(self, other):
    return torch.special.xlog1py(self, other)


@forward("SpecialEntrBackward0")
def special_entr(self):
    return -self * torch.log(self)


@forward("LogitBackward0")
def logit(self, eps):
    return torch.logit(self, eps)


@forward("IgammaBackward0")
def igamma(self, other):
    return torch.special.gammainc(self, other)


@forward("IgammacBackward0")
def igammac(self, other):
    return torch.special.gammaincc(self, other)


@forward("SpecialZetaBackward0", "SpecialZetaBackward1")
def special_zeta(self, other):
    return torch.special.zeta(self, other)

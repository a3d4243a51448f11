"""Derivatives of choices between elements: where, masks, bounds, the larger and the smaller of two."""

import torch

from byhand.rules.table import forward, rule


@rule("WhereBackward0", edge=0, example="torch.where(mask(*x.shape), x, y)")
def where_self(grad, condition):
    return torch.where(condition, grad, 0)


@rule("WhereBackward0", edge=1, example="torch.where(mask(*x.shape), x, y)")
def where_other(grad, condition):
    return torch.where(condition, 0, grad)


@rule("MaskedFillBackward0", edge=0, example="x.masked_fill(mask(*x.shape), 2.0)")
@rule("MaskedFillBackward1", edge=0, example="x.masked_fill(mask(*x.shape), leaf())")
def masked_fill_self(grad, mask):
    return torch.where(mask, 0, grad)


@rule("MaskedFillBackward1", edge=1, example="x.masked_fill(mask(*x.shape), leaf())")
def masked_fill_value(grad, mask):
    return torch.sum(torch.where(mask, grad, 0))


@rule("AbsBackward0", edge=0, example="torch.abs(x)")
def abs_self(grad, self):
    return grad * torch.sgn(self)


@rule("ClampMinBackward0", edge=0, example="torch.clamp_min(x, 0.1)")
@rule("ClampMinBackward1", edge=0, example="torch.clamp_min(x, y)")
@rule("ClampBackward1", edge=0, example="torch.clamp(x, min=0.1)", when=lambda max: max is None)
@rule("ClampBackward0", edge=0, example="torch.clamp(x, min=y)", when=lambda max: max is None)
def clamp_min_self(grad, self, min):
    return torch.where(self >= min, grad, 0)


@rule("ClampMaxBackward0", edge=0, example="torch.clamp_max(x, 0.1)")
@rule("ClampMaxBackward1", edge=0, example="torch.clamp_max(x, y)")
@rule("ClampBackward1", edge=0, example="torch.clamp(x, max=0.1)", when=lambda min: min is None)
@rule("ClampBackward0", edge=0, example="torch.clamp(x, max=y)", when=lambda min: min is None)
def clamp_max_self(grad, self, max):
    return torch.where(self <= max, grad, 0)


@rule("ClampBackward1", edge=0, example="torch.clamp(x, -0.3, 0.5)")
@rule("ClampBackward0", edge=0, example="torch.clamp(x, y, z)")
def clamp_self(grad, self, min, max):
    return torch.where((self >= min) & (self <= max), grad, 0)


@rule("ClampMinBackward1", edge=1, example="torch.clamp_min(x, y)")
@rule("ClampBackward0", edge=1, example="torch.clamp(x, min=y)", when=lambda max: max is None)
def clamp_min_min(grad, self, min):
    return torch.where(self < min, grad, 0)


@rule("ClampMaxBackward1", edge=1, example="torch.clamp_max(x, y)")
@rule("ClampBackward0", edge=2, example="torch.clamp(x, max=y)", when=lambda min: min is None)
def clamp_max_max(grad, self, max):
    return torch.where(self > max, grad, 0)


@rule("ClampBackward0", edge=1, example="torch.clamp(x, y, z)")
def clamp_min(grad, self, min, max):
    return torch.where((self < min) & (min < max), grad, 0)


@rule("ClampBackward0", edge=2, example="torch.clamp(x, y, z)")
def clamp_max(grad, self, min, max):
    return torch.where((self > max) | (max < min), grad, 0)


@rule("MaximumBackward0", edge=0, example="torch.maximum(x, y)")
def maximum_self(grad, self, other):
    return torch.where(self == other, grad / 2, torch.where(self < other, 0, grad))


@rule("MaximumBackward0", edge=1, example="torch.maximum(x, y)")
def maximum_other(grad, self, other):
    return torch.where(self == other, grad / 2, torch.where(self > other, 0, grad))


@rule("MinimumBackward0", edge=0, example="torch.minimum(x, y)")
def minimum_self(grad, self, other):
    return torch.where(self == other, grad / 2, torch.where(self > other, 0, grad))


@rule("MinimumBackward0", edge=1, example="torch.minimum(x, y)")
def minimum_other(grad, self, other):
    return torch.where(self == other, grad / 2, torch.where(self < other, 0, grad))


@rule("FmaxBackward0", edge=0, example="torch.fmax(x, y)")
def fmax_self(grad, self, other):
    return torch.where((self >= other) | torch.isnan(other), grad, 0)


@rule("FmaxBackward0", edge=1, example="torch.fmax(x, y)")
def fmax_other(grad, self, other):
    return torch.where((self >= other) | torch.isnan(other), 0, grad)


@rule("FminBackward0", edge=0, example="torch.fmin(x, y)")
def fmin_self(grad, self, other):
    return torch.where((self <= other) | torch.isnan(other), grad, 0)


@rule("FminBackward0", edge=1, example="torch.fmin(x, y)")
def fmin_other(grad, self, other):
    return torch.where((self <= other) | torch.isnan(other), 0, grad)


@rule("NanToNumBackward0", edge=0, example="torch.nan_to_num(torch.log(x))")
def nan_to_num_self(grad, self):
    return grad * torch.isfinite(self)


@rule("NextafterBackward0", edge=0, example="torch.nextafter(x, y)")
def nextafter_self(grad, self, other):
    return torch.where(self == other, 0, grad)


@rule("NextafterBackward0", edge=1, example="torch.nextafter(x, y)")
def nextafter_other(grad):
    return torch.zeros_like(grad)


@forward("WhereBackward0")
def where(condition, self, other):
    return torch.where(condition, self, other)


@forward("MaskedFillBackward0", "MaskedFillBackward1")
def masked_fill(self, mask, value):
    return torch.where(mask, value, self)


@forward("AbsBackward0")
def abs(self):
    return torch.abs(self)


@forward("ClampMinBackward0", "ClampMinBackward1")
def clamp__below(self, min):
    return torch.clamp_min(self, min)


@forward("ClampMaxBackward0", "ClampMaxBackward1")
def clamp__above(self, max):
    return torch.clamp_max(self, max)


@forward("ClampBackward0", "ClampBackward1")
def clamp(self, min, max):
    return torch.clamp(self, min, max)


@forward("MaximumBackward0")
def maximum(self, other):
    return torch.maximum(self, other)


@forward("MinimumBackward0")
def minimum(self, other):
    return torch.minimum(self, other)


@forward("FmaxBackward0")
def fmax(self, other):
    return torch.fmax(self, other)


@forward("FminBackward0")
def fmin(self, other):
    return torch.fmin(self, other)

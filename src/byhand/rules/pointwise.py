"""Derivatives of arithmetic, element by element: copies, sums, differences, products, quotients, powers, roots."""

import math

import torch

from byhand.rules.helpers import conj, log
from byhand.rules.table import forward, rule


@rule("AliasBackward0", edge=0, example="torch.ops.aten.alias(x)")
@rule("AliasBackward0_copy", edge=0, example="torch.alias_copy(x)")
@rule("CloneBackward0", edge=0, example="x.clone()")
@rule("CoalesceBackward0", edge=0, example="torch.sparse_coo_tensor(torch.tensor([[0, 0], [1, 1]]), leaf(2), (3, 4)).coalesce()")
@rule("ToCopyBackward0", edge=0, example="x.to(torch.complex128)")
@rule("LazyCloneBackward0", edge=0, example="torch._lazy_clone(x)")
@rule("LiftBackward0", edge=0, example="torch.ops.aten.lift(x)")
@rule("LiftFreshBackward0", edge=0, example="torch.ops.aten.lift_fresh(x.clone())")
@rule("LiftFreshBackward0_copy", edge=0, example="torch.ops.aten.lift_fresh_copy(x)")
@rule("PinMemoryBackward0", edge=0, example="torch.ops.aten._pin_memory(x)")
@rule("AddBackward1", edge=0, example="torch.ops.aten.add.Scalar(x, 2.0)")
@rule("SubBackward1", edge=0, example="torch.ops.aten.sub.Scalar(x, 2.0)")
@rule("AddBackward0", edge=0, example="x + y")
@rule("SubBackward0", edge=0, example="x - y")
def add_self(grad):
    return grad


@rule("AddBackward0", edge=1, example="x + y", when=lambda alpha: alpha == 1)
def add_other(grad):
    return grad


@rule("AddBackward0", edge=1, example="torch.add(x, y, alpha=3)")
def add_other__scaled(grad, alpha):
    return grad * conj(alpha)


@rule("NegBackward0", edge=0, example="-x")
@rule("NegViewBackward0", edge=0, example="torch.ops.aten._neg_view(x)")
@rule("NegViewBackward0_copy", edge=0, example="torch.ops.aten._neg_view_copy(x)")
def neg_self(grad):
    return -grad


@rule("SubBackward0", edge=1, example="x - y", when=lambda alpha: alpha == 1)
def sub_other(grad):
    return -grad


@rule("SubBackward0", edge=1, example="torch.sub(x, y, alpha=3)")
def sub_other__scaled(grad, alpha):
    return -grad * conj(alpha)


@rule("RsubBackward1", edge=0, example="1 - x", when=lambda alpha: alpha == 1)
@rule("RsubBackward0", edge=0, example="torch.rsub(x, y)", when=lambda alpha: alpha == 1)
def rsub_self(grad):
    return -grad


@rule("RsubBackward1", edge=0, example="torch.rsub(x, 1, alpha=3)")
@rule("RsubBackward0", edge=0, example="torch.rsub(x, y, alpha=3)")
def rsub_self__scaled(grad, alpha):
    return -grad * conj(alpha)


@rule("RsubBackward0", edge=1, example="torch.rsub(x, y)")
def rsub_other(grad):
    return grad


@rule("MulBackward0", edge=0, example="x * y")
@rule("MulBackward1", edge=0, example="torch.ops.aten.mul.Scalar(x, 3.0)")
def mul_self(grad, other):
    return grad * conj(other)


@rule("MulBackward0", edge=1, example="x * y")
def mul_other(grad, self):
    return grad * conj(self)


@rule("DivBackward0", edge=0, example="x / positive(*y.shape)")
@rule("DivBackward1", edge=0, example="torch.ops.aten.div.Scalar(x, 3.0)")
@rule("DivBackward2", edge=0, example="torch.div(x, y, rounding_mode=None)", when=lambda rounding_mode: rounding_mode is None)
@rule(
    "DivBackward3",
    edge=0,
    example="torch.ops.aten.div.Scalar_mode(x, 3.0, rounding_mode=None)",
    when=lambda rounding_mode: rounding_mode is None,
)
def div_self(grad, other):
    return grad / conj(other)


@rule("DivBackward0", edge=1, example="x / y")
@rule("DivBackward2", edge=1, example="torch.div(x, y, rounding_mode=None)", when=lambda rounding_mode: rounding_mode is None)
def div_other(grad, self, other):
    return -grad * conj(self / other / other)


@rule("DivBackward2", edge=0, example="torch.div(x, y, rounding_mode='floor')")
@rule("DivBackward3", edge=0, example="torch.ops.aten.div.Scalar_mode(x, 3.0, rounding_mode='trunc')")
def div_self__rounded(grad):
    return torch.zeros_like(grad)


@rule("DivBackward2", edge=1, example="torch.div(x, y, rounding_mode='trunc')")
def div_other__rounded(grad):
    return torch.zeros_like(grad)


@rule("ReciprocalBackward0", edge=0, example="torch.reciprocal(x)")
def reciprocal_self(grad, result):
    return -grad * conj(result**2)


@rule("SqrtBackward0", edge=0, example="torch.sqrt(positive(*x.shape))")
def sqrt_self(grad, result):
    return grad / conj(2 * result)


@rule("RsqrtBackward0", edge=0, example="torch.rsqrt(positive(*x.shape))")
def rsqrt_self(grad, result):
    return grad * conj(-0.5 * result**3)


@rule("PowBackward0", edge=0, example="x**0", when=lambda exponent: exponent == 0)
def pow_self__constant(grad):
    return torch.zeros_like(grad)


@rule("PowBackward0", edge=0, example="x**3")
def pow_self(grad, self, exponent):
    return grad * conj(exponent * self ** (exponent - 1))


@rule("PowBackward1", edge=0, example="positive(*x.shape) ** x")
def pow_self__tensor(grad, self, exponent):
    return torch.where(exponent == 0, 0, grad * conj(exponent * self ** (exponent - 1)))


@rule("PowBackward1", edge=1, example="positive(*x.shape) ** x", when=lambda exponent: not exponent.is_complex())
def pow_exponent(grad, self, exponent, result):
    return torch.where((self == 0) & (exponent >= 0), 0, grad * conj(result * torch.log(self)))


@rule("PowBackward1", edge=1, example="torch.complex(x, y) ** torch.complex(y, x)")
def pow_exponent__complex(grad, self, exponent, result):
    return torch.where((self == 0) & (exponent.imag == 0) & (exponent.real >= 0), 0, grad * conj(result * torch.log(self)))


@rule("PowBackward2", edge=0, example="0**positive(*x.shape)", when=lambda self, exponent: self == 0 and not exponent.is_complex())
def pow_exponent__zero(grad, exponent, result):
    return torch.where(exponent >= 0, 0, grad * result * -math.inf)


@rule("PowBackward2", edge=0, example="2**x")
def pow_exponent__number(grad, self, result):
    return grad * conj(result * log(self))


@rule("LerpBackward0", edge=0, example="torch.lerp(x, y, 0.3)")
@rule("LerpBackward1", edge=0, example="torch.lerp(x, y, z)")
def lerp_self(grad, weight):
    return grad * conj(1 - weight)


@rule("LerpBackward0", edge=1, example="torch.lerp(x, y, 0.3)")
@rule("LerpBackward1", edge=1, example="torch.lerp(x, y, z)")
def lerp_end(grad, weight):
    return grad * conj(weight)


@rule("LerpBackward1", edge=2, example="torch.lerp(x, y, z)")
def lerp_weight(grad, self, end):
    return grad * conj(end - self)


@rule("AddcmulBackward0", edge=0, example="torch.addcmul(x, y, z, value=3)")
@rule("AddcdivBackward0", edge=0, example="torch.addcdiv(x, y, z, value=3)")
def addcmul_self(grad):
    return grad


@rule("AddcmulBackward0", edge=1, example="torch.addcmul(x, y, z, value=3)")
def addcmul_tensor1(grad, tensor2, value):
    return grad * conj(value * tensor2)


@rule("AddcmulBackward0", edge=2, example="torch.addcmul(x, y, z, value=3)")
def addcmul_tensor2(grad, tensor1, value):
    return grad * conj(value * tensor1)


@rule("AddcdivBackward0", edge=1, example="torch.addcdiv(x, y, positive(*z.shape), value=3)")
def addcdiv_tensor1(grad, tensor2, value):
    return grad * conj(value / tensor2)


@rule("AddcdivBackward0", edge=2, example="torch.addcdiv(x, y, positive(*z.shape), value=3)")
def addcdiv_tensor2(grad, tensor1, tensor2, value):
    return -grad * conj(value * tensor1 / tensor2**2)


@forward(
    "AliasBackward0",
    "AliasBackward0_copy",
    "CloneBackward0",
    "LazyCloneBackward0",
    "LiftBackward0",
    "LiftFreshBackward0",
    "LiftFreshBackward0_copy",
    "PinMemoryBackward0",
    "ToCopyBackward0",
)
def alias(self):
    return self


@forward("AddBackward0")
def add(self, other, alpha):
    return self + alpha * other


@forward("AddBackward1")
def add__number(self, other):
    return self + other


@forward("SubBackward0")
def sub(self, other, alpha):
    return self - alpha * other


@forward("SubBackward1")
def sub__number(self, other):
    return self - other


@forward("RsubBackward0", "RsubBackward1")
def rsub(self, other, alpha):
    return other - alpha * self


@forward("MulBackward0", "MulBackward1")
def mul(self, other):
    return self * other


@forward("DivBackward0", "DivBackward1")
def div(self, other):
    return self / other


@forward("DivBackward2", "DivBackward3")
def div__rounded(self, other, rounding_mode):
    return torch.div(self, other, rounding_mode=rounding_mode)


@forward("NegBackward0", "NegViewBackward0", "NegViewBackward0_copy")
def neg(self):
    return -self


@forward("ReciprocalBackward0")
def reciprocal(self):
    return 1 / self


@forward("SqrtBackward0")
def sqrt(self):
    return torch.sqrt(self)


@forward("RsqrtBackward0")
def rsqrt(self):
    return 1 / torch.sqrt(self)


@forward("PowBackward0", "PowBackward1", "PowBackward2")
def pow(self, exponent):
    return self**exponent


@forward("LerpBackward0", "LerpBackward1")
def lerp(self, end, weight):
    return self + weight * (end - self)


@forward("AddcmulBackward0")
def addcmul(self, tensor1, tensor2, value):
    return self + value * tensor1 * tensor2


@forward("AddcdivBackward0")
def addcdiv(self, tensor1, tensor2, value):
    return self + value * tensor1 / tensor2

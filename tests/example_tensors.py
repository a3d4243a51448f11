"""The tensors that a rule's example is evaluated on: every shape, dtype and layout it may meet."""

import math
import warnings
from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Variant:
    """How an example's tensors are laid out: the shape of x, y and z, the dtype and the layout of every float tensor."""

    shape: tuple[int, ...] = (3, 4)
    dtype: torch.dtype = torch.float64
    layout: str = "contiguous"


LAYOUTS = {(3, 4): ("contiguous", "transposed", "expanded", "sliced"), (2, 3, 4): ("contiguous", "transposed", "expanded", "sliced")}
SHAPES = {**LAYOUTS, (1,): ("contiguous", "sliced"), (): ("contiguous", "sliced"), (0, 4): ("contiguous",)}
EXACT = [
    Variant(shape, dtype, layout) for dtype in (torch.float64, torch.float32) for shape, layouts in SHAPES.items() for layout in layouts
]
OTHER = [
    Variant(dtype=torch.bfloat16),
    Variant(dtype=torch.complex128),
    Variant((2, 3, 4), torch.complex128, "transposed"),
    Variant((), torch.complex128),
]


def laid_out(values, layout):
    """The values in a tensor of that layout; an expanded one repeats its first row."""
    if layout == "transposed" and values.ndim > 1:
        return values.mT.contiguous().mT
    if layout == "expanded" and values.ndim:
        return values[:1].clone().expand_as(values)
    if layout == "sliced":
        room = values.new_zeros(*values.shape[:-1], 2 * (values.shape[-1] if values.ndim else 1) + 1)
        inside = room[..., 1::2] if values.ndim else room[1]
        return inside.copy_(values)
    return values.clone()


class Tensors:
    """The names an example may use. `moved` = (number, turn, distance) shifts that leaf along one of its directions."""

    def __init__(self, variant, moved=None):
        self.variant, self.moved, self.leaves = variant, moved, []
        self.generator = torch.Generator().manual_seed(7)

    def random(self, shape, offset=None):
        """Random values of the variant's dtype, normal or from `offset` to `offset` + 1; the same numbers in every dtype."""
        draw = torch.randn if offset is None else torch.rand
        values = draw(shape, generator=self.generator, dtype=torch.float64) + (offset or 0.0)
        if self.variant.dtype.is_complex:
            values = torch.complex(values, torch.randn(shape, generator=self.generator, dtype=torch.float64))
        return values.to(self.variant.dtype)

    def entered(self, values):
        """The values as the next leaf."""
        number = len(self.leaves)
        if self.moved and self.moved[0] == number:
            _, turn, distance = self.moved
            values = values + distance * direction(number, turn, values)
        self.leaves.append(laid_out(values, self.variant.layout).detach().requires_grad_())
        return self.leaves[-1]

    def names(self):
        """The namespace the example is evaluated in."""
        commons = {name: self.entered(self.random(self.variant.shape)) for name in "xyz"}
        return {
            "leaf": lambda *shape: self.entered(self.random(shape)),
            "positive": lambda *shape: self.entered(self.random(shape, offset=0.6)),
            "const": lambda *shape: laid_out(self.random(shape), self.variant.layout),
            "integers": lambda high, *shape: torch.randint(high, shape, generator=self.generator),
            "mask": lambda *shape: torch.rand(shape, generator=self.generator) < 0.5,
            "torch": torch,
            "F": F,
            "nn": nn,
            "math": math,
            **commons,
        }


def direction(number, turn, like):
    """One of the random directions that leaf `number` is moved along."""
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(100 * turn + number), dtype=like.dtype)


@cache
def compiled(example):
    return compile(example, "example", "eval")


def run(example, variant, moved=None):
    """The example's differentiable outputs, and its leaves. Raises what PyTorch raises if the variant is illegal."""
    tensors = Tensors(variant, moved)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if variant.dtype.is_complex else variant.dtype)
    torch.manual_seed(11)
    try:
        with warnings.catch_warnings(action="ignore"):
            outputs = eval(compiled(example), tensors.names())
    finally:
        torch.set_default_dtype(before)
    outputs = outputs if isinstance(outputs, tuple | list) else (outputs,)
    return [output for output in outputs if output.requires_grad], tensors.leaves


def variants(example):
    """The variants that make a difference to the example: shapes only if it uses x, y or z."""
    every = EXACT + OTHER
    return every if {"x", "y", "z"} & set(compiled(example).co_names) else [each for each in every if each.shape == (3, 4)]

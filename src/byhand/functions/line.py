"""A function along one line, in double precision: how much it changes, and how much its gradient says it does."""

import math
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch.autograd import forward_ad

from byhand.comparison import unit, widen
from byhand.functions.attempts import SEED, Attempts, seeds_for
from byhand.functions.inputs import copy_of, is_continuous, tensors_in
from byhand.recording.walk import metas_of, topological

UNITS = 16.0  # units of rounding in each result, as they add up over all results
NEGLIGIBLE = 1e-9  # of the size of the results, or of the gradient: no difference is told below that


class NotSealed(Exception):
    """Why a function cannot be followed along a line."""


class Line:
    """The function at x + h u, weighed by gradients v at its outputs: u is a random sign times the size of each input."""

    def __init__(self, attempts: Attempts, *, aside: float = 0.0) -> None:
        """The line through the inputs, or through a point this far from them in proportion to their size. Raises NotSealed."""
        self._attempts = attempts
        self._inputs = attempts.inputs.copied(lambda name, tensor: doubled(copy_of(tensor)))
        tensors = self._inputs.tensors()
        at = {name: tensors[name] for name in self._inputs.checked} | self._parameters()
        self.start = {name: each + aside * _like(each, _signs(each, SEED + 1 + number)) for number, (name, each) in enumerate(at.items())}
        self.direction = {name: _like(each, _signs(each, SEED + 1_000 + number)) for number, (name, each) in enumerate(at.items())}
        self._begin()

    def _parameters(self) -> dict[str, torch.Tensor]:
        given = self._attempts.target.given
        if not isinstance(given, torch.nn.Module):
            return {}
        return {f"module.{path}": doubled(each.detach().clone()) for path, each in given.named_parameters() if each.requires_grad}

    def _begin(self) -> None:
        leaves = {name: each.detach().clone().requires_grad_() for name, each in self.start.items()}
        outputs = {name: each for name, each in self._call(leaves).items() if each.requires_grad}
        if not outputs:
            raise NotSealed("its results have no path back to the inputs there")
        self.outputs = {name: output.detach() for name, output in outputs.items()}
        self.seeds = {name: widen(seed) for name, seed in zip(outputs, seeds_for(outputs), strict=True)}
        nodes = topological(list(dict.fromkeys(output.grad_fn for output in outputs.values() if output.grad_fn is not None)))
        self.rounding = unit(torch.float64, *(meta.dtype for node in nodes for meta in metas_of(node)))
        if not all(bool(torch.isfinite(output).all()) for output in outputs.values()):
            raise NotSealed("its results are not finite")
        weights = [seed.to(output.dtype) for seed, output in zip(self.seeds.values(), outputs.values(), strict=True)]
        found = self._attempts.called(
            lambda: torch.autograd.grad(list(outputs.values()), list(leaves.values()), weights, allow_unused=True)
        )
        self.gradients = {name: widen(each) for name, each in zip(leaves, found, strict=True) if each is not None}
        if not all(bool(torch.isfinite(each).all()) for each in self.gradients.values()):
            raise NotSealed("its gradients are not finite")

    def _call(self, at: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        given = self._attempts.target.given
        inputs = self._inputs.copied(at.get)
        arguments = tuple(inputs.arguments.values())

        def call() -> Any:
            if not isinstance(given, torch.nn.Module):
                return self._attempts.target.call(*arguments)
            state = {name: doubled(each.detach().clone()) for name, each in (*given.named_parameters(), *given.named_buffers())}
            state |= {path: at[f"module.{path}"] for path in state if f"module.{path}" in at}
            return torch.func.functional_call(given, state, arguments)

        return {name: each for name, each in tensors_in({"output": self._attempts.called(call)}) if is_continuous(each)}

    def change(self, step: float, *, only: str = "") -> float:
        """How much the weighed results change along this step, of all inputs or of one alone."""
        moved = [only] if only else list(self.start)
        at = {name: start + step * self.direction[name] if name in moved else start.clone() for name, start in self.start.items()}
        found = self._call({name: each.requires_grad_() for name, each in at.items()})  # it may take a gradient itself
        return sum(_inner(seed, widen(found[name]) - widen(self.outputs[name])) for name, seed in self.seeds.items())

    @property
    def coarse(self) -> bool:
        """Whether something inside has less than double precision, whatever it is given."""
        return self.rounding > unit(torch.float64)

    @property
    def promised(self) -> float:
        """How much they change for a step of 1, as the gradient says."""
        return sum(self.part(name) for name in self.gradients)

    def part(self, name: str) -> float:
        """What one input has to do with it."""
        return _inner(self.gradients[name], self.direction[name]) if name in self.gradients else 0.0

    @property
    def length(self) -> float:
        """How much they would change for a step of 1 if nothing cancelled, in the root mean square."""
        parts = [float((grad.abs() * self.direction[name].abs()).square().sum()) for name, grad in self.gradients.items()]
        return math.sqrt(sum(parts))

    @property
    def size(self) -> float:
        """The size of the weighed results, if nothing cancelled, in the root mean square; that of the weights where all results are 0."""
        parts = [float((seed.abs() * widen(self.outputs[name]).abs()).square().sum()) for name, seed in self.seeds.items()]
        return math.sqrt(sum(parts)) or math.sqrt(sum(float(seed.abs().square().sum()) for seed in self.seeds.values()))

    @property
    def negligible(self) -> float:
        """What is not told apart: a part of the results or of the gradient, as small as a rounding unit of what the function was given."""
        given = unit(*(tensor.dtype for name, tensor in self._attempts.inputs.tensors().items() if name in self.start))
        return max(NEGLIGIBLE * self.size, min(max(given, NEGLIGIBLE), unit(torch.float32)) * self.length)

    @property
    def floor(self) -> float:
        """What rounding alone may change in the weighed results."""
        return UNITS * self.rounding * self.size

    def tangent(self) -> float:
        """How much they change for a step of 1, as forward mode says. Raises what PyTorch raises where an operation has none."""
        with warnings.catch_warnings(), forward_ad.dual_level():
            warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch's own, on the way to its formulas for forward mode
            duals = {name: forward_ad.make_dual(start.clone(), self.direction[name]) for name, start in self.start.items()}
            found = self._call(duals)
            parts = {name: forward_ad.unpack_dual(found[name]).tangent for name in self.seeds}
        return sum(_inner(self.seeds[name], widen(part)) for name, part in parts.items() if part is not None)


def doubled(tensor: torch.Tensor) -> torch.Tensor:
    """A tensor of floating-point or complex numbers in double precision, any other as it is."""
    if not is_continuous(tensor):
        return tensor
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def _signs(at: torch.Tensor, seed: int) -> torch.Tensor:
    """Random signs of the tensor's own size."""
    generator = torch.Generator(at.device).manual_seed(seed)
    signs = torch.randint(0, 2, at.shape, generator=generator, device=at.device).to(at.dtype) * 2 - 1
    size = float(at.abs().square().mean().sqrt()) if at.numel() else 0.0
    return signs * (size if 0 < size < math.inf else 1.0)


def _like(at: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """The direction, made symmetric for a symmetric matrix: PyTorch's gradients of what asks for one are right along such directions."""
    square = at.dim() > 1 and at.shape[-1] == at.shape[-2] and at.shape[-1] > 1
    return (direction + direction.mH) / 2 if square and torch.allclose(at, at.mH, rtol=1e-5, atol=1e-8) else direction


def _inner(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one.conj() * other).real.sum())

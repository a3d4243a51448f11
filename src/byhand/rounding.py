"""What rounding does to a rule, measured: the rule again, with every number on its way moved by one rounding unit at random."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

SAMPLES = 4


def spread(work: Callable[[Callable[[Any], Any]], torch.Tensor], rounding: float) -> torch.Tensor:
    """How far each element of a result moves when the operands and the result of every operation are moved by one rounding unit.

    `work` does the work on operands that went through the function it is given. All of it happens in double precision, with
    generators of our own.
    """
    nudge = _Nudge(rounding)
    mode = _Rounding.moving(nudge)
    exact = work(_widened)
    moved = torch.zeros_like(exact, dtype=torch.float64)
    for _ in range(SAMPLES):
        with mode:
            again = work(nudge)
        moved = torch.maximum(moved, (again - exact).abs())
    return moved


def _widened(value: Any) -> Any:
    return value.to(torch.complex128 if value.is_complex() else torch.float64) if _is_real(value) else value


def _is_real(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex()) and value.layout is torch.strided


class _Nudge:
    """Moves each element of a tensor by one rounding unit, up or down at random; PyTorch's own generator is not touched."""

    def __init__(self, rounding: float) -> None:
        self._rounding = rounding
        self._generators: dict[torch.device, torch.Generator] = {}

    def __call__(self, value: Any) -> Any:
        """The value moved, in double precision; what is not a floating tensor is returned as it is."""
        if not _is_real(value):
            return value
        generator = self._generators.get(value.device)
        if generator is None:
            generator = self._generators[value.device] = torch.Generator(value.device).manual_seed(0)
        signs = torch.randint(0, 2, value.shape, generator=generator, device=value.device, dtype=torch.int8) * 2 - 1
        return _widened(value) * (1 + self._rounding * signs.to(torch.float64))


class _Rounding(TorchDispatchMode):
    """Moves the result of every operation that makes a new tensor."""

    nudge: _Nudge

    @classmethod
    def moving(cls: Any, nudge: _Nudge) -> "_Rounding":
        """The mode that moves results so."""
        made: _Rounding = cls()
        made.nudge = nudge
        return made

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """The operation, its new floating results moved; views and results written in place stay what they are."""
        result = func(*args, **(kwargs or {}))
        if any(each.alias_info is not None for each in func._schema.returns):
            return result
        if isinstance(result, tuple | list):
            return type(result)(self.nudge(each) for each in result)
        return self.nudge(result)

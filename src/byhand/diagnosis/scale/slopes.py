"""Where an activation is flat: read from what it kept, else from what it did to the gradient."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from byhand.errors import ByhandError
from byhand.recording.saved import Saved

FLAT = 0.01  # of the largest slope that the function has

RECTIFIERS = frozenset(
    f"{name}Backward0" for name in "Relu Threshold Gelu Silu Elu Softplus Hardswish Mish RreluWithNoise ClampMin Maximum Fmax Where".split()
) | {"ClampBackward1", "HardtanhBackward0", "MulBackward0"}
"""Activations that are flat on the negative side."""

SQUASHERS = frozenset(
    "SigmoidBackward0 TanhBackward0 SoftmaxBackward0 HardsigmoidBackward0 HardtanhBackward0 ClampBackward1 ClampBackward0 "
    "ClampMinBackward0 ClampMaxBackward0 ErfBackward0 MinimumBackward0 MaximumBackward0".split()
)
"""Functions that are flat at their ends."""

_SMOOTH: dict[str, Callable[[Any], Any]] = {
    "SigmoidBackward0": lambda result: 4 * result * (1 - result),
    "TanhBackward0": lambda result: 1 - result * result,
    "SoftmaxBackward0": lambda result: 4 * result * (1 - result),
}


_BELOW = frozenset({"ReluBackward0", "HardtanhBackward0"})


def silent(name: str, grad: Any, sent: Any, saved: Saved) -> Any:
    """Where a rectifying activation passes nothing on, as a mask; None where that cannot be told."""
    if not rectifies(name, saved):
        return None
    result = kept(saved, "result" if name == "ReluBackward0" else "self") if name in _BELOW else None
    if result is not None:
        return result <= 0
    return _lost(grad, sent)


def rectifies(name: str, saved: Saved) -> bool:
    """Whether a node is a rectifier: flat below zero, and not clamped to a range."""
    if name == "ClampBackward1":
        return bool(kept(saved, "min") == 0 and kept(saved, "max") is None)
    if name == "HardtanhBackward0":
        return bool(kept(saved, "min_val") == 0)
    if name == "MulBackward0":
        return any(getattr(kept(saved, each), "dtype", None) is torch.bool for each in ("self", "other"))
    return name in RECTIFIERS


def flatness(name: str, grad: Any, sent: Any, saved: Saved) -> tuple[float, float] | None:
    """How much of a squashing function is flat: the part of its elements, and the part of the gradient that arrives at them."""
    worked = _SMOOTH.get(name)
    if worked is None:
        lost = _lost(grad, sent)
        return None if lost is None else (float(lost.double().mean()), _weighed(lost, grad))
    result = kept(saved, "result")
    if result is None or result.shape != grad.shape:
        return None
    flat = worked(result.detach()) < FLAT
    if name == "SoftmaxBackward0":
        alone = result.shape[_dimension(saved, result)] == 1 if result.dim() else True
        flat = flat.all(dim=_dimension(saved, result), keepdim=True).expand_as(grad) if not alone else torch.ones_like(flat)
    return float(flat.double().mean()), _weighed(flat, grad)


def kept(saved: Saved, name: str) -> Any:
    """What a node saved; None if it did not, or must not be asked."""
    if name not in saved:
        return None
    try:
        return saved[name]
    except ByhandError:
        return None


def _dimension(saved: Saved, result: Any) -> int:
    return int(kept(saved, "dim") or 0) % max(int(result.dim()), 1)


def _lost(grad: Any, sent: Any) -> Any:
    """Where a gradient that arrived was not passed on at all; None if none arrived or the shapes say nothing."""
    if grad is None or sent is None or grad.shape != sent.shape or grad.layout is not torch.strided:
        return None
    return (sent.abs() <= 1e-6 * grad.abs()) if bool((grad != 0).any()) else None


def _weighed(flat: Any, grad: Any) -> float:
    size = grad.abs().double()
    whole = float(size.sum())
    return float((size * flat).sum()) / whole if whole else 0.0


def only(edges: Sequence[Any]) -> int:
    """The position of the one input that needs a gradient; -1 if there are none or several."""
    needed = [position for position, edge in enumerate(edges) if edge is not None]
    return needed[0] if len(needed) == 1 else -1

"""How large the step is that an optimizer, or the program itself, wants to make of a weight."""

import weakref
from typing import Any

import torch

from byhand.diagnosis.world import origin_of_call
from byhand.graph import Origin
from byhand.recording.calls import Call, Needing, Seen

IN_PLACE = frozenset({"sub_", "add_", "__isub__", "__iadd__", "copy_", "addcdiv_", "addcmul_", "lerp_"})


def unit(value: torch.Tensor) -> torch.Tensor:
    """The unit in the last place of each element, in double precision."""
    away = torch.full_like(value, float("inf"))
    return (torch.nextafter(value.abs(), away).double() - value.abs().double()).abs() if value.dtype not in NARROW else _narrow(value)


NARROW = {torch.bfloat16: 7, torch.float16: 10}


def _narrow(value: torch.Tensor) -> torch.Tensor:
    """The same for formats that `nextafter` may not know."""
    digits = NARROW[value.dtype]
    wide = value.abs().double()
    smallest = torch.finfo(value.dtype).smallest_normal
    return torch.exp2(torch.floor(torch.log2(wide.clamp_min(smallest))) - digits)


def step_size(optimizer: torch.optim.Optimizer, group: dict[str, Any], leaf: torch.Tensor) -> torch.Tensor | None:
    """The size of the last step that the optimizer's own formula gave, element by element; None where the formula is not known."""
    rate, state, grad = group.get("lr"), optimizer.state.get(leaf, {}), leaf.grad
    if rate is None or grad is None or float(rate) == 0:
        return None
    if type(optimizer) is torch.optim.SGD:
        moved = state.get("momentum_buffer")
        return float(rate) * (grad if moved is None else moved).detach().double()
    if "exp_avg" in state and "exp_avg_sq" in state and "betas" in group and "step" in state:
        return _adam(group, state, float(rate))
    return None


def _adam(group: dict[str, Any], state: dict[str, Any], rate: float) -> torch.Tensor:
    first, second = group["betas"]
    steps = float(state["step"])
    mean = state["exp_avg"].detach().double() / (1 - float(first) ** steps)
    square = state["exp_avg_sq"].detach().double() / (1 - float(second) ** steps)
    size: torch.Tensor = rate * mean.abs() / (square.sqrt() + group.get("eps", 1e-8))
    return size


def hand_written(calls: list[Call], leaf: "weakref.ref[torch.Tensor]") -> Origin | None:
    """The user's line that changed a leaf in place, itself or its `.data`, if one did: the program takes its own steps."""
    names: list[Any] = [leaf]
    found = None
    for call in calls:
        first = call.arguments[0] if call.arguments else None
        if not isinstance(first, Needing | Seen) or not any(first.reference is name for name in names):
            continue
        name = getattr(call.function, "__name__", "")
        if name in ("__get__", "detach") and type(call.results) is tuple:
            names = [leaf, *names[1:][-MANY:], call.results[0]]
        elif (name in IN_PLACE and call.direct) or (name == "__set__" and _sets_data(call)):
            found = origin_of_call(call)
    return found


MANY = 8  # other names of a leaf's numbers that are followed


def _sets_data(call: Call) -> bool:
    return getattr(getattr(call.function, "__self__", None), "__name__", "") == "data"

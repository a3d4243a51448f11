"""What `byhand.check(function, x)` finds and costs beside `torch.autograd.gradcheck`, slow and fast: planted faults, sizes, trials."""

import statistics
import sys
import warnings
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from measuring.rounds import environment, in_turn, table
from torch import Tensor
from torch.autograd import gradcheck

import byhand

TRIALS = 20
SIZES = (16, 256, 4_096, 65_536, 1_000_000)
LENGTHS = (10, 100, 1_000, 10_000, 100_000, 1_000_000)
SLOW = 1_000  # inputs; the slow gradcheck holds a Jacobian of this number squared
ROUNDS = 3
TILES = 256

Fault = Callable[[Tensor, torch.Generator], Tensor]


def one_element(grad: Tensor, generator: torch.Generator) -> Tensor:
    """One element is not written."""
    grad[torch.randint(0, grad.numel(), (1,), generator=generator)] = 0
    return grad


def last_tile(grad: Tensor, _: torch.Generator) -> Tensor:
    """The last of 256 tiles is not written."""
    grad[-max(1, grad.numel() // TILES) :] = 0
    return grad


def permuted(grad: Tensor, generator: torch.Generator) -> Tensor:
    """Every element is somewhere else."""
    return grad[torch.randperm(grad.numel(), generator=generator)]


FAULTS: dict[str, Fault] = {
    "one element 0": one_element,
    "last tile 0": last_tile,
    "permuted": permuted,
    "half": lambda grad, generator: grad / 2,
    "zeros": lambda grad, generator: torch.zeros_like(grad),
    "negated": lambda grad, generator: -grad,
}


class Sine(torch.autograd.Function):
    """The sine, with a fault in its backward; the same in every call of one trial."""

    fault: Fault | None = None
    seed = 0

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The sine."""
        ctx.save_for_backward(x)
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """The cosine, and what the fault makes of it."""
        (x,) = ctx.saved_tensors
        right = grad * torch.cos(x)
        return right if Sine.fault is None else Sine.fault(right, torch.Generator().manual_seed(Sine.seed))


class NumpySine(Sine):
    """The same with a forward that PyTorch does not see."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The sine."""
        ctx.save_for_backward(x)
        return torch.from_numpy(np.sin(x.detach().numpy()))


def slow(x: Tensor) -> bool:
    """What gradcheck says, slow, in double precision."""
    return gradcheck(Sine.apply, (x.double().requires_grad_(),), raise_exception=False)


def fast(x: Tensor) -> bool:
    """What gradcheck says in its fast mode; without the slow one, which it runs for its message where it fails."""
    with patch.object(sys.modules["torch.autograd.gradcheck"], "_run_slow_mode_and_get_error", return_value="wrong"):
        return gradcheck(Sine.apply, (x.double().requires_grad_(),), raise_exception=False, fast_mode=True)


def ours(x: Tensor) -> bool:
    """What byhand says at float32."""
    return byhand.check(Sine, x).agrees


def opaque(x: Tensor) -> bool:
    """What byhand says where the forward is NumPy."""
    return byhand.check(NumpySine, x).agrees


WAYS: dict[str, Callable[[Tensor], bool]] = {
    "gradcheck, slow": slow,
    "gradcheck, fast": fast,
    "byhand, float32": ours,
    "byhand, float32, forward in NumPy": opaque,
}


def found(way: str, fault: Fault | None, size: int, trials: int) -> str:
    """In how many trials a way says that something is wrong; "" where it is not tried."""
    if way == "gradcheck, slow" and size > SLOW:
        return ""
    Sine.fault = fault
    count = 0
    for trial in range(trials):
        Sine.seed = trial
        x = torch.randn(size, generator=torch.Generator().manual_seed(trial))
        count += not WAYS[way](x)
    Sine.fault = None
    return f"{count}"


def detection(trials: int) -> None:
    """One table for each way: how often each fault is found at each size; and how often nothing wrong is called wrong."""
    for way in WAYS:
        rows = [(name, *(found(way, fault, size, trials) for size in SIZES)) for name, fault in {**FAULTS, "right": None}.items()]
        table(f"{way}: called wrong, of {trials} trials", ("inputs", *(f"{size:,}" for size in SIZES)), rows)


def plain(x: Tensor) -> None:
    """One forward and backward."""
    leaf = x.clone().requires_grad_()
    Sine.apply(leaf).sum().backward()


def costs() -> None:
    """Time over the number of inputs, beside one forward and backward of the function itself."""
    rows = []
    for length in LENGTHS:
        x = torch.randn(length, generator=torch.Generator().manual_seed(0))
        ways = {"plain": lambda x=x: plain(x), **{name: lambda x=x, way=way: way(x) for name, way in WAYS.items()}}
        if length > SLOW:
            del ways["gradcheck, slow"]
        times = in_turn(ways, rounds=ROUNDS)
        rows.append((f"{length:,}", *(_milliseconds(times.get(name, ())) for name in ("plain", *WAYS))))
    table("milliseconds of the processor", ("inputs", "forward+backward", *WAYS), rows)


def _milliseconds(spent: Any) -> str:
    return f"{1000 * statistics.median(each.processor for each in spent):,.2f}" if spent else ""


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    environment("planted faults found, and what it costs")
    costs()
    detection(int(sys.argv[1]) if sys.argv[1:] else TRIALS)
